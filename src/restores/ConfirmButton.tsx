import { Icon, type IconifyIcon } from '@iconify/react';
import { Button } from '@mui/material';
import { useSnackbar } from 'notistack';
import { type ReactNode, useState } from 'react';
import { refresh } from '../api/queries/queries';
import { troubleOf } from '../api/trouble';
import { failedText } from '../setup/troubleText';
import { WithReason } from '../ui/buttons/WithReason';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';

interface ConfirmButtonProps {
  cluster: string;
  icon: IconifyIcon;
  text: string;
  /** While the action runs. */
  busyText?: string;
  /** Says what the button acts on. */
  label?: string;
  /** The question. */
  title: string;
  /** What will happen. */
  children: ReactNode;
  /** The button that changes nothing. */
  no: string;
  yes: string;
  isDangerous?: boolean;
  /** Why the person may not use it, and whom to ask. */
  why?: string;
  /** What could not be done, if it could not. */
  failure: string;
  act(): Promise<unknown>;
}

/** A button whose click is confirmed first. What went wrong stays in the dialog's place as a message. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const { cluster, icon, text, busyText = text, label, title, children, no, yes } = props;
  const { isDangerous, why, failure, act } = props;
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const isInert = isBusy || why !== undefined;

  async function confirm() {
    // While the dialog closes, it can still be clicked.
    if (!isAsking) return;
    setAsking(false);
    setBusy(true);
    try {
      await act();
      await refresh(cluster);
    } catch (error) {
      enqueueSnackbar(failedText(failure, troubleOf(error), t), { variant: 'error' });
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <WithReason why={why}>
        {about => (
          <Button
            size="small"
            variant="outlined"
            color={isDangerous ? 'inherit' : 'primary'}
            aria-label={label}
            startIcon={<Icon icon={icon} />}
            onClick={isInert ? undefined : () => setAsking(true)}
            sx={{ opacity: isInert ? 0.5 : undefined, whiteSpace: 'nowrap' }}
            {...about}
            aria-disabled={isInert || undefined}
          >
            {isBusy ? busyText : text}
          </Button>
        )}
      </WithReason>
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
