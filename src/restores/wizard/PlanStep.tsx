import { Icon } from '@iconify/react';
import {
  Button,
  Checkbox,
  CircularProgress,
  FormControlLabel,
  Stack,
  Typography,
} from '@mui/material';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useHistory } from 'react-router-dom';
import type { RestorePlan, StartRestore } from '../../../sidecar/api';
import { restoreClient } from '../../api/clients/restoreClient';
import { partsOf } from '../../api/clusterRef';
import { refresh } from '../../api/queries/queries';
import { usePlan } from '../../api/queries/restoreQueries';
import { connectionTo } from '../../api/session/connection';
import { nameInNkvm, refOfRecord } from '../../api/session/recordRef';
import { isInDoubt, type Trouble, troubleOf } from '../../api/trouble';
import { Link } from '../../otherClusters/Link';
import { usePageUrl } from '../../otherClusters/usePageUrl';
import { NAMESPACE_PARAMETER, RESTORE_RUN_ROUTE, VOLUME_ROUTE } from '../../routes';
import { actionText, troubleText } from '../../setup/troubleText';
import { restoreIcon, retryIcon } from '../../ui/icons';
import { Message } from '../../ui/Message';
import { useText } from '../../ui/text';
import { kindOf } from '../sources';
import { Buttons } from './Buttons';
import { Checks } from './Checks';
import { confirmationOf, failingOf } from './confirmation';
import { requestOf } from './draft';
import { intoOf } from './into';
import { PlanFiles } from './PlanFiles';
import { PlanSummary } from './PlanSummary';
import { PlanWorkloads } from './PlanWorkloads';
import type { StepProps } from './stepProps';

interface PlanStepProps extends StepProps {
  /** The button that leads to the step before. */
  back: ReactNode;
}

/** The last step: what the restore will do, whether it can start, and the button that starts it. */
export function PlanStep({ cluster, draft, back }: PlanStepProps) {
  const { t } = useText();
  const request = useMemo(() => requestOf(draft, nameInNkvm(cluster)), [draft, cluster]);
  const into = intoOf(cluster, draft);
  // An archive from another installation may name a namespace of another cluster.
  const isOfHere = kindOf(draft.backup) === 'backup';
  const at = (isOfHere && draft.from.namespace) || request.target.namespace;
  const { value: plan, trouble, isBusy, again, isOld } = usePlan(cluster, request, at);
  const [wasOld, setWasOld] = useState(false);
  /** @returns whether the plan may be relied on. */
  function check(): boolean {
    setWasOld(isOld());
    if (!isOld()) return true;
    again();
    return false;
  }
  if (isBusy && !plan) {
    return (
      <>
        <Looking mode={request.target.mode} />
        <Buttons>{back}</Buttons>
      </>
    );
  }
  const lookAgain = (
    <Button
      variant="outlined"
      startIcon={
        isBusy ? <CircularProgress size={16} color="inherit" /> : <Icon icon={retryIcon} />
      }
      aria-disabled={isBusy || undefined}
      onClick={isBusy ? undefined : again}
    >
      {isBusy ? t('Checking…') : t('Check again')}
    </Button>
  );
  return (
    <Stack spacing={3}>
      {trouble && <NoPlan trouble={trouble} />}
      {plan ? (
        <>
          {!plan.canStart && <Checks checks={plan.checks} />}
          <PlanSummary plan={plan} request={request} into={into === cluster ? undefined : into} />
          {plan.canStart && <Checks checks={plan.checks} />}
          <PlanWorkloads cluster={into} plan={plan} />
          <PlanFiles plan={plan} mode={request.target.mode} />
          {wasOld && (
            <Message severity="info" role="status">
              {t(
                'Nothing was started, because the plan was more than 10 minutes old. A new plan follows. Check it before you start the restore.'
              )}
            </Message>
          )}
          <Start
            key={JSON.stringify(plan.files)}
            cluster={cluster}
            into={into}
            request={request}
            plan={plan}
            at={at}
            check={check}
            onRefused={again}
          >
            {back}
            {lookAgain}
          </Start>
        </>
      ) : (
        <Buttons>
          {back}
          {lookAgain}
        </Buttons>
      )}
    </Stack>
  );
}

function Looking({ mode }: { mode: StartRestore['target']['mode'] }) {
  const { t } = useText();
  return (
    <Stack direction="row" spacing={2} alignItems="center" role="status" sx={{ py: 3 }}>
      <CircularProgress size={24} aria-hidden />
      <div>
        <Typography>{t('Checking the effects of the restore. Nothing is changed yet.')}</Typography>
        {mode !== 'new' && (
          <Typography variant="body2" color="text.secondary">
            {t('A pod reads the claim, which takes a few seconds.')}
          </Typography>
        )}
      </div>
    </Stack>
  );
}

function NoPlan({ trouble }: { trouble: Trouble }) {
  const { t } = useText();
  const { title, text } = troubleText(trouble, t);
  return (
    <Message severity={trouble.kind === 'denied' ? 'warning' : 'error'}>
      <Typography fontWeight={500}>{title}</Typography>
      {text}
    </Message>
  );
}

interface StartProps {
  cluster: string;
  /** The cluster of the claim. */
  into: string;
  request: StartRestore;
  plan: RestorePlan;
  at: string;
  /** Is called before the start. @returns whether the plan may be relied on. */
  check(): boolean;
  /** The sidecar has found a problem that the plan did not show. */
  onRefused(): void;
  /** Other buttons. */
  children: ReactNode;
}

/** The button, the confirmation before it, and the reason why it is inert. */
function Start(props: StartProps) {
  const { into, request, plan, children } = props;
  const { t } = useText();
  const [isConfirmed, setConfirmed] = useState(false);
  const { start, isBusy, trouble } = useStart(props);
  const failing = failingOf(plan);
  const confirmation = confirmationOf(plan, request, t);
  const canStart = plan.canStart && (!confirmation || isConfirmed);
  const isInert = !canStart || isBusy;
  const { namespace, name } = request.target;
  return (
    <Stack spacing={1.5}>
      {!plan.canStart && (
        <Message severity="error">
          {failing.length > 0
            ? t('The restore cannot start. See the failed checks above. Nothing has been changed.')
            : t('The restore cannot start. Nothing has been changed.')}
        </Message>
      )}
      {plan.canStart && confirmation && (
        <FormControlLabel
          control={
            <Checkbox
              checked={isConfirmed}
              onChange={(_, checked) => setConfirmed(checked)}
              size="small"
            />
          }
          label={confirmation}
        />
      )}
      {trouble && (
        <Message severity="error">
          <Typography fontWeight={500}>
            {isInDoubt(trouble)
              ? t('It is not known whether the restore was started')
              : t('The restore was not started')}
          </Typography>
          {actionText(trouble, t)}
          {isInDoubt(trouble) && (
            <Typography variant="body2">
              <Link routeName={VOLUME_ROUTE.name} params={{ namespace, name }} activeCluster={into}>
                {t('Check the restores into {{claim}} before you start it again', {
                  claim: `${namespace}/${name}`,
                })}
              </Link>
            </Typography>
          )}
        </Message>
      )}
      <Buttons>
        {children}
        <Button
          variant="contained"
          startIcon={<Icon icon={restoreIcon} />}
          aria-disabled={isInert || undefined}
          onClick={isInert ? undefined : start}
          sx={{ opacity: isInert ? 0.5 : undefined }}
        >
          {isBusy ? t('Starting…') : t('Start the restore')}
        </Button>
      </Buttons>
    </Stack>
  );
}

function useStart({ cluster, request, at, check, onRefused }: StartProps) {
  const history = useHistory();
  const pageUrl = usePageUrl();
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  // Before the next render, a second click would start another one.
  const isStarting = useRef(false);
  async function start() {
    if (isStarting.current || !check()) return;
    isStarting.current = true;
    setBusy(true);
    setTrouble(undefined);
    try {
      const client = restoreClient(connectionTo(cluster));
      const { restore } = await client.start(request, { namespace: at });
      const { id, target } = restore;
      const query = { [NAMESPACE_PARAMETER]: target.namespace };
      void refresh(partsOf(cluster).home);
      // Going back skips the wizard, because its restore has started.
      history.replace(pageUrl(refOfRecord(cluster, restore), RESTORE_RUN_ROUTE, { id }, query));
    } catch (error) {
      setTrouble(troubleOf(error));
      setBusy(false);
      isStarting.current = false;
      onRefused();
    }
  }
  return { start: () => void start(), isBusy, trouble };
}
