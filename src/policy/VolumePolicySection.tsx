import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Stack, Typography } from '@mui/material';
import type { ReactNode } from 'react';
import type { VolumePolicyDetails, VolumeRef } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { useOwnLack } from '../access/useLack';
import { isOfHeadlamp } from '../api/clusterRef';
import { toChange, useMetadata } from '../api/objects';
import { usePolicy } from '../api/queries/policyQueries';
import { Shown } from '../setup/Shown';
import { Figures } from '../ui/Figures';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';
import { Until } from '../ui/time/Until';
import { useFormatDate } from '../ui/time/useFormatDate';
import { DayStrip } from './DayStrip';
import { PendingRestore } from './PendingRestores';
import { Retention } from './Retention';
import { ScheduleButton } from './ScheduleButton';
import type { ScheduleTarget } from './ScheduleDialog';
import { scheduleSource, scheduleTitle } from './scheduleText';
import { SuspendButton } from './SuspendButton';
import { suspends } from './suspension';

interface VolumePolicySectionProps {
  cluster: string;
  claim: VolumeRef;
  /** The StatefulSet that uses the claim, where one does. */
  usedBy?: string;
  /** On a page that is about something else: only what matters first. */
  isShort?: boolean;
}

/** When a volume is backed up, whether that works, and which backups are kept. Nothing where the sidecar has no policies. */
export function VolumePolicySection(props: VolumePolicySectionProps) {
  const { cluster, claim, usedBy, isShort } = props;
  const { t } = useText();
  const asked = usePolicy(cluster, claim);
  if (asked.value === null || (asked.value === undefined && !asked.trouble)) return null;
  const target = { cluster, kind: 'PersistentVolumeClaim' as const, ...claim, usedBy };
  return (
    <SectionBox title={t('Schedule and retention')}>
      <Shown cluster={cluster} asked={asked} isPart namespace={claim.namespace}>
        {policy =>
          policy && (
            <Stack spacing={2}>
              <Reasons cluster={cluster} policy={policy} />
              <Plan policy={policy} />
              {isOfHeadlamp(cluster) ? (
                <Actions target={target} policy={policy} />
              ) : (
                <Typography variant="body2" color="text.secondary">
                  {t(
                    'The schedule is a label of the claim, and retention an annotation. They are changed in the cluster itself.'
                  )}
                </Typography>
              )}
              {policy.backupsVisible && !isShort && (
                <>
                  <Part title={t('Last 30 days')}>
                    <DayStrip days={policy.days} />
                  </Part>
                  <Part title={t('Retention')}>
                    <Retention cluster={cluster} claim={claim} plans={policy.plans} />
                  </Part>
                </>
              )}
            </Stack>
          )
        }
      </Shown>
    </SectionBox>
  );
}

interface PolicyProps {
  policy: VolumePolicyDetails;
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <Typography component="h3" variant="subtitle1" gutterBottom>
      {title}
    </Typography>
    {children}
  </section>
);

/** The reason for the state, and what to do. */
function Reasons({ cluster, policy }: PolicyProps & { cluster: string }) {
  const { populate, reasons, state } = policy;
  const isFine = state === 'protected' || state === 'waiting' || state === 'unprotected';
  return (
    <>
      {populate && <PendingRestore cluster={cluster} policy={policy} populate={populate} />}
      {reasons.map(({ reason, message, hint }) => (
        <Message key={`${reason}/${message}`} severity={isFine ? 'info' : 'warning'}>
          {sentence(message)}.{hint && ` ${sentence(hint)}.`}
        </Message>
      ))}
    </>
  );
}

function Plan({ policy }: PolicyProps) {
  const { t } = useText();
  const formatDate = useFormatDate();
  const { schedule, nextRunAt, upcoming, suspended, drill, holdUntil, restoredAutomatically } =
    policy;
  const later = upcoming.filter(at => at !== nextRunAt).slice(0, 2);
  return (
    <Figures
      figures={[
        {
          label: t('Schedule'),
          value: schedule ? (
            <>
              {scheduleTitle(schedule, t)}
              <Lesser>{scheduleSource(schedule, t)}</Lesser>
            </>
          ) : (
            t('No schedule')
          ),
        },
        schedule && {
          label: t('Cron'),
          value: (
            <>
              {schedule.cron}
              <Lesser>{schedule.timeZone}</Lesser>
            </>
          ),
        },
        {
          label: t('Next backup'),
          value: suspended ? (
            t('Suspended')
          ) : nextRunAt ? (
            <>
              <Until date={nextRunAt} />
              {later.map(at => (
                <Lesser key={at}>{formatDate(at)}</Lesser>
              ))}
            </>
          ) : (
            '–'
          ),
        },
        {
          label: t('Restored automatically'),
          value: restoredAutomatically ? t('Yes') : t('No'),
        },
        drill !== null && { label: t('Test restores'), value: drill },
        holdUntil !== null && {
          label: t('Nothing is deleted before'),
          value: formatDate(holdUntil),
        },
      ]}
    />
  );
}

const Lesser = ({ children }: { children: ReactNode }) => (
  <Typography component="div" variant="caption" color="text.secondary">
    {children}
  </Typography>
);

function Actions({ target, policy }: PolicyProps & { target: ScheduleTarget }) {
  const { t } = useText();
  const { suspended, schedule } = policy;
  const { value: metadata } = useMetadata(target.cluster, target, suspended);
  const isByNamespace = metadata && !suspends(metadata);
  const lack = useOwnLack(target.cluster, toChange(target));
  return (
    <Stack spacing={1}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start' }}>
        <ScheduleButton target={target} />
        {suspended && isByNamespace ? (
          <Typography variant="body2" color="text.secondary" sx={{ alignSelf: 'center' }}>
            {t('The namespace suspends this schedule. Resume it on the page of the namespace.')}
          </Typography>
        ) : (
          (schedule || suspended) && <SuspendButton target={target} isSuspended={suspended} />
        )}
      </Box>
      <LackNote cluster={target.cluster} lacks={[lack]} />
    </Stack>
  );
}
