import { Button, Stack } from '@mui/material';
import { Link as RouterLink } from 'react-router-dom';
import type { Destination } from '../../sidecar/api';
import { DESTINATION_ROUTE } from '../routes';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useUrlOf } from './DestinationLink';
import { stateSentence } from './destinationText';
import { Problem } from './Problem';

interface RemindersProps {
  cluster: string;
  destination: Destination;
  /** On the page of the destination itself, which has the button. */
  isOnItsPage?: boolean;
}

/** What somebody has to know or to do about a destination; nothing where all is well. */
export function Reminders({ cluster, destination, isOnItsPage = false }: RemindersProps) {
  const { t } = useText();
  const date = useFormatDate();
  const url = useUrlOf(cluster)(DESTINATION_ROUTE, { name: destination.name });
  const { state, problem, catalogProblem, encryption, isInsecure } = destination;
  const isBad = state === 'paused' || state === 'invalid';
  const says = stateSentence(destination, t, date);
  return (
    <Stack spacing={1}>
      {problem ? (
        <Problem severity={isBad ? 'error' : 'warning'} title={says} problem={problem} />
      ) : (
        state !== 'ready' && (
          <Message severity={isBad ? 'error' : state === 'failing' ? 'warning' : 'info'}>
            {says}
          </Message>
        )
      )}
      {catalogProblem && (
        <Problem
          severity="warning"
          title={t('The stored archives could not be read. The figures below may be outdated.')}
          problem={catalogProblem}
        />
      )}
      {encryption && encryption.kitStoredAt === null && (
        <Message
          severity="warning"
          action={
            !isOnItsPage && (
              <Button
                component={RouterLink}
                to={url}
                size="small"
                color="inherit"
                sx={{ whiteSpace: 'nowrap' }}
              >
                {t('Recovery kit')}
              </Button>
            )
          }
        >
          {t('The recovery kit is not stored yet. Without the key, these archives cannot be read.')}
        </Message>
      )}
      {isInsecure && (
        <Message severity="warning">
          {t(
            'The connection is not secure. Anyone on the network path can read or change the data.'
          )}
        </Message>
      )}
    </Stack>
  );
}
