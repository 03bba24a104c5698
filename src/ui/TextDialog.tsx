import { Button, Dialog, DialogActions, DialogContent, DialogTitle } from '@mui/material';
import { type ReactNode, useId } from 'react';
import { useText } from './text';

interface TextDialogProps {
  title: string;
  isOpen: boolean;
  onClose(): void;
  children: ReactNode;
  /** In place of Close. */
  actions?: ReactNode;
}

/** A dialog with something to read. However long that is, it scrolls inside, and the buttons stay in sight. */
export function TextDialog({ title, isOpen, onClose, children, actions }: TextDialogProps) {
  const { t } = useText();
  const id = useId();
  return (
    <Dialog open={isOpen} onClose={onClose} maxWidth="sm" fullWidth aria-labelledby={id}>
      <DialogTitle id={id} sx={{ overflowWrap: 'anywhere' }}>
        {title}
      </DialogTitle>
      <DialogContent dividers>{children}</DialogContent>
      <DialogActions sx={{ flexWrap: 'wrap' }}>
        {actions ?? <Button onClick={onClose}>{t('Close')}</Button>}
      </DialogActions>
    </Dialog>
  );
}
