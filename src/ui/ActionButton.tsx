import { Icon, type IconifyIcon } from '@iconify/react';
import { Button } from '@mui/material';

interface ActionButtonProps {
  icon?: IconifyIcon;
  text: string;
  /** Says what it acts on, for those who hear it without what is around it. */
  label?: string;
  variant?: 'outlined' | 'contained' | 'text';
  isDangerous?: boolean;
  /** It does nothing, but keeps the focus. */
  isInert?: boolean;
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
    describedBy,
    onClick,
  } = props;
  return (
    <Button
      size="small"
      variant={variant}
      color={isDangerous ? 'error' : variant === 'text' ? 'inherit' : 'primary'}
      aria-label={label}
      aria-disabled={isInert || undefined}
      aria-describedby={describedBy}
      startIcon={icon && <Icon icon={icon} />}
      onClick={isInert ? undefined : onClick}
      sx={{ whiteSpace: 'nowrap', opacity: isInert ? 0.5 : undefined }}
    >
      {text}
    </Button>
  );
}
