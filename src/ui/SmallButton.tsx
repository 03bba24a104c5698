import { Icon, type IconifyIcon } from '@iconify/react';
import { Button } from '@mui/material';
import { useIsNarrow } from './useIsNarrow';

interface SmallButtonProps {
  icon: IconifyIcon;
  text: string;
  /** Says what the button acts on, for those who hear it without its row. */
  label: string;
  disabled?: boolean;
  onClick(): void;
}

/** A button for a cell of a table. In a narrow window its icon has to do. */
export function SmallButton({ icon, text, label, disabled, onClick }: SmallButtonProps) {
  const isNarrow = useIsNarrow();
  return (
    <Button
      variant="outlined"
      size="small"
      aria-label={label}
      title={isNarrow ? label : undefined}
      disabled={disabled}
      onClick={onClick}
      startIcon={isNarrow ? undefined : <Icon icon={icon} />}
      sx={{ whiteSpace: 'nowrap', minWidth: 'unset' }}
    >
      {isNarrow ? <Icon icon={icon} width={20} /> : text}
    </Button>
  );
}
