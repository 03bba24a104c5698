import { Box, Stack } from '@mui/material';
import { useState } from 'react';
import type { AuditEntryShown } from '../../sidecar/api';
import { SmallButton } from '../ui/buttons/SmallButton';
import { whyNotIcon } from '../ui/icons';
import { type PlainColumn, PlainTable } from '../ui/PlainTable';
import { Badge } from '../ui/status';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { useIsNarrow } from '../ui/useIsNarrow';
import { EntryDialog } from './EntryDialog';
import { callerOf, targetOf } from './entryText';
import { RESULT_LOOKS, resultText } from './resultText';

/** Entries of the audit log, newest first. In narrow windows, several facts share a column. */
export function AuditTable({ entries }: { entries: AuditEntryShown[] }) {
  const { t } = useText();
  const isNarrow = useIsNarrow('md');
  const [open, setOpen] = useState<AuditEntryShown>();
  const details: PlainColumn<AuditEntryShown> = {
    ...{ id: 'details', label: t('Details'), isUnlabelled: true, isTight: true },
    cell: entry => (
      <SmallButton
        icon={whyNotIcon}
        text={t('Details')}
        variant="text"
        label={t('Details of entry {{sequence}}', { sequence: entry.sequence })}
        onClick={() => setOpen(entry)}
      />
    ),
  };
  const columns: PlainColumn<AuditEntryShown>[] = isNarrow
    ? [
        {
          ...{ id: 'what', label: t('Action') },
          cell: entry => (
            <Stack spacing={0.25}>
              <Code text={entry.action} />
              <span>{targetOf(entry)}</span>
              <Quiet text={callerOf(entry, t)} />
              <Quiet text={<Ago date={entry.at} />} />
            </Stack>
          ),
        },
        {
          ...{ id: 'result', label: t('Result') },
          cell: entry => (
            <Stack spacing={0.75} alignItems="flex-start">
              <Result entry={entry} />
              {details.cell(entry)}
            </Stack>
          ),
        },
      ]
    : [
        {
          ...{ id: 'at', label: t('Time'), isTight: true },
          cell: ({ at }) => <Ago date={at} />,
        },
        { id: 'who', label: t('Caller'), cell: entry => callerOf(entry, t) },
        { id: 'action', label: t('Action'), cell: ({ action }) => <Code text={action} /> },
        { id: 'target', label: t('Target'), cell: targetOf },
        { id: 'result', label: t('Result'), cell: entry => <Result entry={entry} /> },
        details,
      ];
  return (
    <>
      <PlainTable
        label={t('Entries of the audit log')}
        columns={columns}
        rows={entries}
        rowKey={({ sequence }) => String(sequence)}
      />
      <EntryDialog entry={open} onClose={() => setOpen(undefined)} />
    </>
  );
}

const Code = ({ text }: { text: string }) => (
  <Box component="span" sx={{ fontFamily: 'monospace' }}>
    {text}
  </Box>
);

const Quiet = ({ text }: { text: JSX.Element | string }) => (
  <Box component="span" sx={{ color: 'text.secondary' }}>
    {text}
  </Box>
);

/** A chip, and below it why: the missing right, or the reason. */
function Result({ entry: { result, detail, reason, repeated } }: { entry: AuditEntryShown }) {
  const { t } = useText();
  if (!result) return null;
  const isGood = result === 'allowed' || result === 'success';
  const why = isGood ? undefined : detail ?? reason;
  return (
    <Stack spacing={0.25} alignItems="flex-start">
      <Badge {...RESULT_LOOKS[result]} text={resultText(result, t)} />
      {why && <Quiet text={why} />}
      {repeated > 0 && <Quiet text={t('{{count}} more calls like this', { count: repeated })} />}
    </Stack>
  );
}
