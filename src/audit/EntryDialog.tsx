import { Box } from '@mui/material';
import type { AuditEntryShown } from '../../sidecar/api';
import { Facts } from '../ui/Facts';
import { type Translate, useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';
import { useFormatDate } from '../ui/time/useFormatDate';
import { resultText } from './resultText';

interface EntryDialogProps {
  /** Undefined: it is closed. */
  entry: AuditEntryShown | undefined;
  onClose(): void;
}

/** All that an entry says. */
export function EntryDialog({ entry, onClose }: EntryDialogProps) {
  const { t } = useText();
  const formatDate = useFormatDate('medium');
  return (
    <TextDialog
      title={entry ? t('Entry {{sequence}}', { sequence: entry.sequence }) : ''}
      isOpen={entry !== undefined}
      onClose={onClose}
    >
      {entry && (
        <Facts
          isInDialog
          rows={factsOf(entry, formatDate, t).map(([name, value]) => ({
            name,
            value: (
              <Box component="span" sx={{ overflowWrap: 'anywhere' }}>
                {value}
              </Box>
            ),
          }))}
        />
      )}
    </TextDialog>
  );
}

function factsOf(
  entry: AuditEntryShown,
  formatDate: (date: string) => string,
  t: Translate
): [string, string][] {
  const { actor, from, claims, result } = entry;
  const named = claims.map(({ namespace, name, uid }) =>
    [[namespace, name].filter(Boolean).join('/'), uid && `(${uid})`].filter(Boolean).join(' ')
  );
  const facts: [string, string | number | null | undefined][] = [
    [t('Time'), formatDate(entry.at)],
    [t('Cluster'), entry.cluster],
    [t('Caller'), actor.name ?? t('Unknown')],
    [t('Cluster of the caller'), actor.cluster],
    [t('UID of the caller'), actor.uid],
    [t('Groups'), actor.groups.join(', ')],
    [t('Id of the token'), actor.credential],
    [t('Client address'), from?.client],
    [t('Connection from'), from?.peer],
    [t('Action'), entry.action],
    [t('Volumes'), named.join(', ')],
    [t('Backup'), entry.backup],
    [t('Archive'), entry.archive],
    [t('Destination'), entry.destination],
    [t('Runs'), entry.runs.join(', ')],
    [t('Result'), result && resultText(result, t)],
    [t('HTTP status'), entry.status],
    [t('Reason'), entry.reason],
    [t('Message'), entry.detail],
    [t('Hash of the entry before'), entry.previous],
    [t('Hash of this entry'), entry.hash],
  ];
  return facts.flatMap(([name, value]): [string, string][] =>
    value === null || value === undefined || value === '' ? [] : [[name, String(value)]]
  );
}
