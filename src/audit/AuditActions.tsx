import { Stack } from '@mui/material';
import { useState } from 'react';
import type { AuditCheck } from '../../sidecar/api';
import { auditClient, type AuditFilter } from '../api/clients/auditClient';
import { refresh } from '../api/queries/queries';
import { connectionTo } from '../api/session/connection';
import { saveText } from '../destinations/saveText';
import { useAction } from '../destinations/useAction';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/buttons/ActionButton';
import { downloadIcon, provenIcon, retryIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';

interface AuditActionsProps {
  cluster: string;
  filter: AuditFilter;
}

/** Reads the log again, exports what the filters show, and checks that no entry was changed or deleted. */
export function AuditActions({ cluster, filter }: AuditActionsProps) {
  const { t } = useText();
  const client = auditClient(connectionTo(cluster));
  const { start, isBusy, trouble } = useAction();
  const [check, setCheck] = useState<AuditCheck>();
  return (
    <Stack spacing={1.5}>
      <Stack direction="row" flexWrap="wrap" gap={1.5}>
        <ActionButton
          icon={retryIcon}
          text={t('Reload')}
          isInert={isBusy}
          onClick={() => void start(() => refresh(cluster))}
        />
        <ActionButton
          icon={downloadIcon}
          text={t('Export as CSV')}
          isInert={isBusy}
          onClick={() =>
            void start(async signal =>
              saveText(await client.csv(filter, signal), `nkvm-audit-${cluster}.csv`)
            )
          }
        />
        <ActionButton
          icon={provenIcon}
          text={t('Check the chain')}
          isInert={isBusy}
          onClick={() =>
            void start(async signal => {
              setCheck(undefined);
              setCheck(await client.check(signal));
            })
          }
        />
      </Stack>
      <TroubleMessage trouble={trouble} />
      {check && <Checked check={check} />}
    </Stack>
  );
}

function Checked({ check: { broken, first, last, hash } }: { check: AuditCheck }) {
  const { t } = useText();
  if (!broken) {
    return (
      <Message severity="success" role="status">
        {t(
          'No entry from {{first}} to {{last}} was changed or deleted. To be sure of the newest ones, compare this hash with the log of NKVM outside this cluster',
          { first, last }
        )}
        {` ${hash}`}
      </Message>
    );
  }
  const { sequence, message, file } = broken;
  return (
    <Message severity="error" role="alert">
      {t('The chain is broken at entry {{sequence}}.', { sequence })}{' '}
      {`${sentence(message)} (${file}) `}
      {t(
        'Keep a copy of the files of the audit log, and compare them with the log of NKVM outside this cluster to find out what was changed.'
      )}
    </Message>
  );
}
