import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Stack, Typography } from '@mui/material';
import type { Backup, Copy } from '../../../sidecar/api';
import { LOCAL_DESTINATION } from '../../../sidecar/api/names.ts';
import { useDestinations, useStartedCopies } from '../../api/queries/destinationQueries';
import { DestinationLink } from '../../destinations/DestinationLink';
import { proofText } from '../../destinations/destinationText';
import { formatBytes } from '../../ui/bytes';
import {
  cancelledIcon,
  failedIcon,
  laterIcon,
  lockIcon,
  successIcon,
  unknownIcon,
} from '../../ui/icons';
import { type PlainColumn, PlainTable } from '../../ui/PlainTable';
import { sentence } from '../../ui/sentence';
import { Badge } from '../../ui/status';
import { type Translate, useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { useIsNarrow } from '../../ui/useIsNarrow';
import { WHOLE_WORDS } from '../../ui/wholeWords';
import { hasArchive } from './archiveState';
import { CopyProgress } from './CopyProgress';
import { copyTargets } from './copyStates';
import { CopyToButton } from './CopyToButton';

/** The archives of a backup, one for each destination: whether it is there, how that was proven, and why not. */
export function Copies({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t } = useText();
  const { value: list } = useDestinations(cluster, backup.namespace);
  const [started, addStarted] = useStartedCopies(cluster, backup.id);
  const { copies } = backup;
  const targets = list ? copyTargets(backup, list) : [];
  const canCopy = backup.kind === 'backup' && hasArchive(backup) && targets.length > 0;
  const isTrivial =
    copies.length === 0 ||
    (!canCopy &&
      started.length === 0 &&
      copies.length === 1 &&
      copies[0]!.destination === LOCAL_DESTINATION);
  // With one place to store archives there is nothing to tell apart.
  if (isTrivial) return null;
  return (
    <SectionBox title={t('Copies')}>
      <Stack spacing={2}>
        {copies.length > 0 && <CopiesTable cluster={cluster} copies={copies} />}
        {started.map(run => (
          <CopyProgress key={run.id} cluster={cluster} started={run} />
        ))}
        {canCopy && (
          <span>
            <CopyToButton
              cluster={cluster}
              backup={backup}
              targets={targets}
              onStarted={addStarted}
            />
          </span>
        )}
      </Stack>
    </SectionBox>
  );
}

function CopiesTable({ cluster, copies }: { cluster: string; copies: Copy[] }) {
  const { t, language } = useText();
  const isNarrow = useIsNarrow();
  const proofOf = ({ proof, provenAt, verifiedAt, state }: Copy) =>
    state === 'present' && (
      <Box sx={WHOLE_WORDS}>
        {proof ? proofText(proof, t) : t('Proven')}
        <Lesser>
          {verifiedAt ? (
            <>
              {t('Verified again')} <Ago date={verifiedAt} />
            </>
          ) : (
            provenAt && <Ago date={provenAt} />
          )}
        </Lesser>
      </Box>
    );
  const columns: PlainColumn<Copy>[] = [
    {
      id: 'destination',
      label: t('Destination'),
      cell: copy => (
        <>
          <DestinationLink cluster={cluster} name={copy.destination} />
          {!copy.isRequired && <Lesser>{t('Optional')}</Lesser>}
          {isNarrow && <Lesser>{proofOf(copy)}</Lesser>}
        </>
      ),
    },
    { id: 'state', label: t('State'), cell: copy => <CopyState copy={copy} /> },
    { id: 'proof', label: t('Proof'), cell: proofOf },
    {
      id: 'size',
      label: t('Size'),
      isTight: true,
      isRight: true,
      cell: ({ state, bytes, stored, encrypted }) =>
        state === 'present' && (
          <>
            {formatBytes(stored?.bytes ?? bytes, language)}
            {encrypted && (
              <Box sx={{ mt: 0.5 }}>
                <Badge icon={lockIcon} color="" text={t('Encrypted')} />
              </Box>
            )}
          </>
        ),
    },
  ];
  const shown = isNarrow ? ['destination', 'state'] : columns.map(({ id }) => id);
  return (
    <PlainTable
      label={t('Copies')}
      columns={columns.filter(({ id }) => shown.includes(id))}
      rows={copies}
      rowKey={({ destination, key }) => `${destination}/${key}`}
    />
  );
}

function CopyState({ copy }: { copy: Copy }) {
  const { t } = useText();
  const date = useFormatDate();
  const { state, retryAt, problem } = copy;
  return (
    <Box>
      <Badge {...LOOKS[state]} text={copyStateText(state, t)} />
      {state === 'awaited' && (
        <Lesser>
          {retryAt
            ? t('NKVM tries again {{when}}.', { when: date(retryAt) })
            : t('NKVM tries again automatically.')}
        </Lesser>
      )}
      {problem && state !== 'present' && (
        <Lesser>
          {`${sentence(problem.message)} (${problem.reason})`}
          {problem.hint && `. ${t('How to fix it')} – ${sentence(problem.hint)}`}
        </Lesser>
      )}
    </Box>
  );
}

const Lesser = ({ children }: { children: React.ReactNode }) => (
  <Typography component="div" variant="caption" color="text.secondary">
    {children}
  </Typography>
);

function copyStateText(state: Copy['state'], t: Translate): string {
  switch (state) {
    case 'present':
      return t('Present');
    case 'awaited':
      return t('Pending');
    case 'failed':
      return t('Failed');
    case 'missing':
      return t('Missing');
    case 'deleted':
      return t('Deleted');
  }
}

const LOOKS = {
  present: { icon: successIcon, color: 'success' },
  awaited: { icon: laterIcon, color: 'warning' },
  failed: { icon: failedIcon, color: 'error' },
  missing: { icon: unknownIcon, color: 'error' },
  deleted: { icon: cancelledIcon, color: '' },
} as const satisfies Record<Copy['state'], object>;
