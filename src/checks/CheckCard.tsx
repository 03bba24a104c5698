import { Box, Stack, Typography } from '@mui/material';
import type { Check } from '../../sidecar/api';
import { lackText, TO_BACK_UP, TO_WRITE, useLack } from '../access/useLack';
import { restoreClient } from '../api/clients/restoreClient';
import { isFinal } from '../api/final';
import { useListedCheck } from '../api/queries/restoreQueries';
import { connectionTo } from '../api/session/connection';
import { durationMs } from '../backups/run/durations';
import { stageText } from '../backups/run/stageText';
import { ConfirmButton } from '../restores/ConfirmButton';
import { ComparisonFacts } from '../restores/run/ComparisonFacts';
import { RestoreProgress } from '../restores/run/RestoreProgress';
import { stopIcon } from '../ui/icons';
import { ProgramOutput } from '../ui/ProgramOutput';
import { sentence } from '../ui/sentence';
import { RunBadge } from '../ui/status';
import { type Translate, useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { formatDuration } from '../ui/time/time';

export function kindText(kind: Check['kind'], t: Translate): string {
  switch (kind) {
    case 'verify':
      return t('Verification of the archive');
    case 'drill':
      return t('Restore drill');
  }
}

/** What a check does right now. */
function activityOf({ kind, status, stage }: Check, t: Translate): string {
  if (status === 'queued') return t('Waiting for its turn');
  if (stage === 'copy') {
    return kind === 'verify' ? t('Reading the archive') : t('Restoring into a new claim');
  }
  if (stage === 'checksum') {
    return kind === 'verify' ? t('Comparing checksums') : t('Comparing the files with the archive');
  }
  return stage ? stageText(stage, t) : t('Starting');
}

interface CheckCardProps {
  cluster: string;
  check: Check;
}

/** One check: while it runs how far it is, afterwards what it found. */
export function CheckCard({ cluster, check: listed }: CheckCardProps) {
  const check = useListedCheck(cluster, listed);
  // The same element whether the stream or the list says first that the check has ended, so that open details stay open.
  return isFinal(check.status) ? <Ended check={check} /> : <UnderWay {...{ cluster, check }} />;
}

function UnderWay({ cluster, check }: CheckCardProps) {
  const { t } = useText();
  const title = kindText(check.kind, t);
  return (
    <RestoreProgress
      {...check}
      activity={`${title}. ${activityOf(check, t)}`}
      isCopying={check.stage === 'copy'}
    >
      <CancelCheck cluster={cluster} check={check} title={title} />
    </RestoreProgress>
  );
}

function Ended({ check }: { check: Check }) {
  const { t, language } = useText();
  const { kind, status, createdAt, message, hint, reason, warnings, comparison, output } = check;
  const took = durationMs(check);
  const title = kindText(kind, t);
  const hasDetails = comparison || output;
  return (
    <Box sx={{ border: 1, borderColor: 'divider', borderRadius: 1, p: 1.5 }}>
      <Stack direction="row" alignItems="center" columnGap={1.5} rowGap={0.5} flexWrap="wrap">
        <RunBadge status={status} />
        <Typography variant="body2" fontWeight={500}>
          {title}
        </Typography>
        <Typography variant="body2" color="text.secondary">
          <Ago date={createdAt} />
          {took !== undefined && ` · ${formatDuration(took, language)}`}
        </Typography>
      </Stack>
      {message && (
        <Typography variant="body2" sx={{ mt: 1, overflowWrap: 'anywhere' }}>
          {sentence(message)}
          {reason && ` (${reason})`}
        </Typography>
      )}
      {status === 'failed' && hint && (
        <Typography variant="body2" sx={{ mt: 0.5 }}>
          <strong>{t('How to fix it')}</strong> {sentence(hint)}
        </Typography>
      )}
      {warnings.map(warning => (
        <Typography key={warning} variant="body2" color="text.secondary" sx={{ mt: 0.5 }}>
          {sentence(warning)}
        </Typography>
      ))}
      {hasDetails && (
        <Box component="details" sx={{ mt: 1 }} open={status === 'failed'}>
          <Typography component="summary" variant="body2" sx={{ cursor: 'pointer', mb: 1 }}>
            {t('Compared files')}
          </Typography>
          {comparison && <ComparisonFacts comparison={comparison} />}
          {output && <Output text={output} />}
        </Box>
      )}
    </Box>
  );
}

function Output({ text }: { text: string }) {
  const { t } = useText();
  return (
    <Box sx={{ mt: 1.5 }}>
      <Typography component="h3" variant="subtitle2" gutterBottom>
        {t('Output of the check command')}
      </Typography>
      <ProgramOutput label={t('Output of the check command')} text={text} />
    </Box>
  );
}

interface CancelCheckProps {
  cluster: string;
  check: Check;
  title: string;
}

function CancelCheck({ cluster, check, title }: CancelCheckProps) {
  const { t } = useText();
  const { id, namespace, kind } = check;
  const needed = kind === 'drill' ? TO_WRITE : TO_BACK_UP;
  return (
    <ConfirmButton
      cluster={cluster}
      icon={stopIcon}
      text={t('Cancel')}
      label={`${t('Cancel')}. ${title}`}
      title={t('Cancel the check?')}
      no={t('Keep it running')}
      yes={t('Cancel the check')}
      isDangerous
      why={lackText(useLack(cluster, check, needed), t)}
      failure={t('The check could not be cancelled')}
      act={() => restoreClient(connectionTo(cluster)).cancelCheck(id, { namespace })}
    >
      <Typography>
        {kind === 'drill'
          ? t('The temporary claim is deleted. The backup is kept.')
          : t('The backup is kept.')}
      </Typography>
    </ConfirmButton>
  );
}
