import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import { useState } from 'react';
import type { Backup, StartDrill } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { lackText, TO_BACK_UP, TO_RESTORE, useLack } from '../access/useLack';
import { type RestoreClient, restoreClient } from '../api/clients/restoreClient';
import { isFinal } from '../api/final';
import { refresh } from '../api/queries/queries';
import { useChecks } from '../api/queries/restoreQueries';
import { connectionTo } from '../api/session/connection';
import { type Trouble, troubleOf } from '../api/trouble';
import { isRestorable } from '../restores/sources';
import { Shown } from '../setup/Shown';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/buttons/ActionButton';
import { LinkButton } from '../ui/buttons/LinkButton';
import { drillIcon, provenIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { useFocusOnChange } from '../ui/useFocusOnChange';
import { CheckCard } from './CheckCard';
import { DrillDialog } from './DrillDialog';
import { ProvenAt } from './Proven';

const SHOWN = 3;

/** Whether a backup can still be relied on: when that was last proven, and how to prove it now. */
export function Checks({ cluster, backup }: { cluster: string; backup: Backup }) {
  const { t } = useText();
  const { id, namespace, provenRestorableAt } = backup;
  const asked = useChecks(cluster, id, namespace);
  const [isAll, setAll] = useState(false);
  const box = useFocusOnChange(isAll);
  const { start, isBusy, trouble } = useStart(cluster);
  const [isDrilling, setDrilling] = useState(false);
  const verify = useLack(cluster, backup, TO_BACK_UP);
  const drill = useLack(cluster, backup, TO_RESTORE);
  const underWay = (asked.value ?? []).filter(({ status }) => !isFinal(status));
  const isInert = (kind: 'verify' | 'drill') =>
    isBusy || underWay.some(check => check.kind === kind);
  return (
    <SectionBox title={t('Proof over time')}>
      <Stack spacing={2}>
        {provenRestorableAt ? (
          <ProvenAt at={provenRestorableAt} />
        ) : (
          <Typography variant="body2" color="text.secondary">
            {t('This backup has not been restored yet, neither by a drill nor by a restore.')}
          </Typography>
        )}
        {isRestorable(backup) && (
          <Stack direction="row" flexWrap="wrap" gap={1.5}>
            <ActionButton
              icon={provenIcon}
              text={t('Verify now')}
              isInert={isInert('verify')}
              why={lackText(verify, t)}
              onClick={() => void start(client => client.verify(id, { namespace }))}
            />
            <ActionButton
              icon={drillIcon}
              text={t('Restore drill…')}
              isInert={isInert('drill')}
              why={lackText(drill, t)}
              onClick={() => setDrilling(true)}
            />
          </Stack>
        )}
        {isRestorable(backup) && <LackNote cluster={cluster} lacks={[verify, drill]} />}
        <Typography variant="body2" color="text.secondary">
          {t(
            'A verification reads the archive again and compares it with its recorded checksum. A drill restores it into a temporary claim.'
          )}
        </Typography>
        <TroubleMessage trouble={trouble} />
        <Shown cluster={cluster} asked={asked} isPart namespace={namespace} missing={null}>
          {checks => (
            <Stack ref={box} tabIndex={-1} spacing={1.5} sx={{ outline: 'none' }}>
              {(isAll ? checks : checks.slice(0, SHOWN)).map(check => (
                <CheckCard key={check.id} cluster={cluster} check={check} />
              ))}
              {!isAll && checks.length > SHOWN && (
                <span>
                  <LinkButton onClick={() => setAll(true)}>
                    {t('Show all {{total}}', { total: checks.length })}
                  </LinkButton>
                </span>
              )}
            </Stack>
          )}
        </Shown>
        <DrillDialog
          isOpen={isDrilling}
          onClose={() => setDrilling(false)}
          onStart={(request: StartDrill) => {
            setDrilling(false);
            void start(client => client.drill(id, request, { namespace }));
          }}
        />
      </Stack>
    </SectionBox>
  );
}

function useStart(cluster: string) {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  async function start(act: (client: RestoreClient) => Promise<unknown>) {
    setBusy(true);
    setTrouble(undefined);
    try {
      await act(restoreClient(connectionTo(cluster)));
      await refresh(cluster);
    } catch (error) {
      setTrouble(troubleOf(error));
    } finally {
      setBusy(false);
    }
  }
  return { start, isBusy, trouble };
}
