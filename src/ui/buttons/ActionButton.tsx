import { Icon, type IconifyIcon } from '@iconify/react';
import { Button } from '@mui/material';
import { WithReason } from './WithReason';

interface ActionButtonProps {
  icon?: IconifyIcon;
  text: string;
  /** Says what it acts on, for those who hear it without what is around it. */
  label?: string;
  variant?: 'outlined' | 'contained' | 'text';
  isDangerous?: boolean;
  /** It does nothing, but keeps the focus. */
  isInert?: boolean;
  /** Why the person may not use it, and whom to ask: it is inert then. */
  why?: string;
  /** Id of a text about it. */
  describedBy?: string;
  onClick(): void;
}

/** A button of a section. One that does nothing for now stays where the keyboard finds it. */
export function ActionButton(props: ActionButtonProps) {
  const {
    icon,
    text,
    label,
    variant = 'outlined',
    isDangerous,
    isInert = false,
    why,
    describedBy,
    onClick,
  } = props;
  const doesNothing = isInert || why !== undefined;
  return (
    <WithReason why={why}>
      {about => (
        <Button
          size="small"
          variant={variant}
          color={isDangerous ? 'error' : variant === 'text' ? 'inherit' : 'primary'}
          aria-label={label}
          aria-disabled={doesNothing || undefined}
          aria-describedby={about['aria-describedby'] ?? describedBy}
          startIcon={icon && <Icon icon={icon} />}
          onClick={doesNothing ? undefined : onClick}
          sx={{ whiteSpace: 'nowrap', opacity: doesNothing ? 0.5 : undefined }}
        >
          {text}
        </Button>
      )}
    </WithReason>
  );
}
