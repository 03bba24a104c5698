import { Icon, type IconifyIcon } from '@iconify/react';
import { Button, IconButton, Tooltip } from '@mui/material';
import { useIsNarrow } from '../useIsNarrow';

interface SmallButtonProps {
  icon: IconifyIcon;
  text: string;
  /** Says what the button acts on, for those who hear it without its row. */
  label: string;
  variant?: 'outlined' | 'contained' | 'text';
  /** It does nothing for a moment, but keeps the focus. */
  isBusy?: boolean;
  /** It shows its icon only, as in the row of a table. */
  isCompact?: boolean;
  /** What to know before the click. */
  hint?: string;
  onClick(): void;
}

/** A small button. In a narrow window it shows its icon only. */
export function SmallButton(props: SmallButtonProps) {
  const {
    icon,
    text,
    label,
    variant = 'outlined',
    isBusy = false,
    isCompact,
    hint,
    onClick,
  } = props;
  const isNarrow = useIsNarrow();
  if (isCompact) {
    return (
      <Tooltip title={hint ?? label} describeChild={hint !== undefined}>
        <IconButton
          size="small"
          color={variant === 'text' ? 'default' : 'primary'}
          aria-label={label}
          aria-disabled={isBusy || undefined}
          onClick={isBusy ? undefined : onClick}
          sx={{ opacity: isBusy ? 0.5 : undefined }}
        >
          <Icon icon={icon} width={20} />
        </IconButton>
      </Tooltip>
    );
  }
  return (
    <Tooltip title={hint ?? (isNarrow ? label : '')} describeChild>
      <Button
        variant={variant}
        color={variant === 'text' ? 'inherit' : 'primary'}
        size="small"
        aria-label={label}
        // A disabled button would lose the focus, and with it the place on the page.
        aria-disabled={isBusy || undefined}
        onClick={isBusy ? undefined : onClick}
        startIcon={isNarrow ? undefined : <Icon icon={icon} />}
        sx={{ whiteSpace: 'nowrap', minWidth: 'unset', opacity: isBusy ? 0.5 : undefined }}
      >
        {isNarrow ? <Icon icon={icon} width={20} /> : text}
      </Button>
    </Tooltip>
  );
}
