import { Icon, type IconifyIcon } from '@iconify/react';
import { IconButton, Tooltip } from '@mui/material';
import { Link as RouterLink } from 'react-router-dom';
import { WithReason } from './WithReason';

interface IconLinkProps {
  icon: IconifyIcon;
  to: string;
  /** Says what it leads to. */
  label: string;
  /** Why the person may not go there, and whom to ask; undefined: they may, or it is not known. */
  why: string | undefined;
}

/** A link in the row of a table. */
export function IconLink({ icon, to, label, why }: IconLinkProps) {
  if (why !== undefined) {
    return (
      <WithReason why={why}>
        {about => (
          <IconButton size="small" aria-label={label} sx={{ my: -0.5, opacity: 0.5 }} {...about}>
            <Icon icon={icon} width={20} />
          </IconButton>
        )}
      </WithReason>
    );
  }
  return (
    <Tooltip title={label}>
      <IconButton component={RouterLink} to={to} size="small" aria-label={label} sx={{ my: -0.5 }}>
        <Icon icon={icon} width={20} />
      </IconButton>
    </Tooltip>
  );
}
