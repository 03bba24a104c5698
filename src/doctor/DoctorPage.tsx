import { Icon } from '@iconify/react';
import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Button, Stack, Typography } from '@mui/material';
import type { DoctorCheck, DoctorFinding, DoctorOutcome, DoctorReport } from '../../sidecar/api';
import { doctorText } from '../../sidecar/api/doctorText.ts';
import { useDoctorReports } from '../api/queries/doctorQueries';
import { Shown } from '../setup/Shown';
import { Command, CopyButton } from '../ui/Copyable';
import { failedIcon, retryIcon, successIcon, warnIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { Badge } from '../ui/status';
import { useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { checkName, type Group, groups, outcomeText, summaryText } from './checkText';

const LOOKS = {
  ok: { icon: successIcon, color: 'success' },
  warning: { icon: warnIcon, color: 'warning' },
  failed: { icon: failedIcon, color: 'error' },
} as const satisfies Record<DoctorOutcome, object>;

const SEVERITIES = { ok: 'success', warning: 'warning', failed: 'error' } as const;

/** Faults of the installation in each selected cluster, and what to do. */
export function DoctorPage() {
  const { t } = useText();
  const clusters = K8s.useSelectedClusters();
  const reports = useDoctorReports(clusters);
  return (
    <SectionBox title={t('Doctor')}>
      <Stack spacing={4}>
        {reports.map(({ cluster, isRunning, run, ...asked }) => (
          <Stack key={cluster} spacing={2} aria-busy={isRunning}>
            {clusters.length > 1 && (
              <Typography component="h2" variant="h6">
                {cluster}
              </Typography>
            )}
            <Shown cluster={cluster} asked={asked}>
              {report => <Report report={report} isRunning={isRunning} run={run} />}
            </Shown>
          </Stack>
        ))}
      </Stack>
    </SectionBox>
  );
}

interface ReportProps {
  report: DoctorReport;
  isRunning: boolean;
  run(): void;
}

function Report({ report, isRunning, run }: ReportProps) {
  const { t } = useText();
  return (
    <>
      <Message severity={SEVERITIES[report.outcome]} role="status">
        {summaryText(report.outcome, t)} {t('Checked')} <Ago date={report.at} />
      </Message>
      <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1}>
        <Button
          variant="outlined"
          startIcon={<Icon icon={retryIcon} />}
          aria-disabled={isRunning || undefined}
          onClick={isRunning ? undefined : run}
          sx={{ opacity: isRunning ? 0.5 : undefined }}
        >
          {isRunning ? t('Checking…') : t('Check again')}
        </Button>
        <Typography variant="body2" color="text.secondary">
          {t('Text for a bug report; it names namespaces and destinations')}
        </Typography>
        <CopyButton text={doctorText(report)} label={t('Copy the report as text')} />
      </Stack>
      {groups(t).map(group => (
        <Section key={group.title} group={group} checks={report.checks} />
      ))}
    </>
  );
}

function Section({ group, checks }: { group: Group; checks: DoctorCheck[] }) {
  const shown = group.checks.flatMap(name => checks.find(({ check }) => check === name) ?? []);
  if (shown.length === 0) return null;
  return (
    <Box component="section">
      <Typography component="h2" variant="h6" gutterBottom>
        {group.title}
      </Typography>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1 }}>
        {shown.map(check => (
          <Check key={check.check} check={check} />
        ))}
      </Box>
    </Box>
  );
}

function Check({ check: { check, outcome, findings } }: { check: DoctorCheck }) {
  const { t } = useText();
  return (
    <Box component="li" sx={{ border: 1, borderColor: 'divider', borderRadius: 1, p: 1.5 }}>
      <Stack spacing={1}>
        <Stack direction="row" flexWrap="wrap" alignItems="center" columnGap={1.5}>
          <Typography component="h3" variant="subtitle1" sx={{ fontWeight: 500 }}>
            {checkName(check, t)}
          </Typography>
          <Badge {...LOOKS[outcome]} text={outcomeText(outcome, t)} />
        </Stack>
        {findings.map((finding, index) => (
          <Finding key={index} finding={finding} />
        ))}
      </Stack>
    </Box>
  );
}

function Finding({ finding: { text, toDo, paste } }: { finding: DoctorFinding }) {
  return (
    <Box>
      <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
        {[text, ...(toDo === null ? [] : [toDo])].map(each => `${sentence(each)}.`).join(' ')}
      </Typography>
      {paste !== null && (
        <Box sx={{ mt: 1 }}>
          <Command text={paste} />
        </Box>
      )}
    </Box>
  );
}
