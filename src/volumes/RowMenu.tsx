import { Icon, type IconifyIcon } from '@iconify/react';
import { IconButton, ListItemIcon, ListItemText, Menu, MenuItem, Tooltip } from '@mui/material';
import { useId, useState } from 'react';
import { Link as RouterLink } from 'react-router-dom';
import { useFilesUrl } from '../files/ArchiveLinks';
import { useRestoreUrl } from '../restores/RestoreLink';
import { browseIcon, menuIcon, restoreIcon } from '../ui/icons';
import { useText } from '../ui/text';
import type { Row } from './row';

/** Everything else that can be done with a volume that has a good backup; nothing where it has none. */
export function RowMenu({ cluster, volume: { namespace, name, lastSuccess } }: Row) {
  const { t } = useText();
  const id = useId();
  const [anchor, setAnchor] = useState<HTMLElement>();
  const restoreUrl = useRestoreUrl(cluster);
  const filesUrl = useFilesUrl(cluster);
  if (!lastSuccess) return null;
  const close = () => setAnchor(undefined);
  const label = t('More actions for {{volume}}', { volume: `${namespace}/${name}` });
  return (
    <>
      <Tooltip title={label}>
        <IconButton
          size="small"
          aria-label={label}
          aria-haspopup="menu"
          aria-expanded={!!anchor}
          aria-controls={anchor ? id : undefined}
          onClick={({ currentTarget }) => setAnchor(currentTarget)}
        >
          <Icon icon={menuIcon} width={20} />
        </IconButton>
      </Tooltip>
      <Menu id={id} anchorEl={anchor} open={!!anchor} onClose={close}>
        <Item
          icon={restoreIcon}
          text={t('Restore…')}
          to={restoreUrl({ backup: lastSuccess.id, from: { namespace, name } })}
        />
        <Item
          icon={browseIcon}
          text={t('Browse files')}
          to={filesUrl({ id: lastSuccess.id, namespace })}
        />
      </Menu>
    </>
  );
}

/** Takes what the list of a menu hands to its items. */
function Item({ icon, text, to, ...ofList }: { icon: IconifyIcon; text: string; to: string }) {
  return (
    <MenuItem component={RouterLink} to={to} {...ofList}>
      <ListItemIcon>
        <Icon icon={icon} width={20} />
      </ListItemIcon>
      <ListItemText>{text}</ListItemText>
    </MenuItem>
  );
}
