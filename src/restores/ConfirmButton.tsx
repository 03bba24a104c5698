import { Icon, type IconifyIcon } from '@iconify/react';
import { Button } from '@mui/material';
import { useSnackbar } from 'notistack';
import { type ReactNode, useState } from 'react';
import { refresh } from '../api/queries/queries';
import { troubleOf } from '../api/trouble';
import { troubleText } from '../setup/troubleText';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';

interface ConfirmButtonProps {
  cluster: string;
  icon: IconifyIcon;
  text: string;
  /** Says what the button acts on. */
  label?: string;
  /** The question. */
  title: string;
  /** What will happen. */
  children: ReactNode;
  /** The button that keeps all as it is. */
  no: string;
  yes: string;
  isDangerous?: boolean;
  /** What could not be done, if it could not. */
  failure: string;
  act(): Promise<unknown>;
}

/** A button whose click is confirmed first. What went wrong stays in the dialog's place as a message. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const { cluster, icon, text, label, title, children, no, yes, isDangerous, failure, act } = props;
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);

  async function confirm() {
    setAsking(false);
    setBusy(true);
    try {
      await act();
      await refresh(cluster);
    } catch (error) {
      const { title, text } = troubleText(troubleOf(error), t);
      enqueueSnackbar(`${failure}. ${title}. ${text}`, { variant: 'error' });
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Button
        size="small"
        variant="outlined"
        color={isDangerous ? 'inherit' : 'primary'}
        aria-label={label}
        aria-disabled={isBusy || undefined}
        startIcon={<Icon icon={icon} />}
        onClick={isBusy ? undefined : () => setAsking(true)}
        sx={{ opacity: isBusy ? 0.5 : undefined, whiteSpace: 'nowrap' }}
      >
        {text}
      </Button>
      <TextDialog
        title={title}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>{no}</Button>
            <Button color={isDangerous ? 'error' : 'primary'} onClick={() => void confirm()}>
              {yes}
            </Button>
          </>
        }
      >
        {children}
      </TextDialog>
    </>
  );
}
