import { Typography } from '@mui/material';
import { useHistory } from 'react-router-dom';
import type { Restore } from '../../../sidecar/api';
import { lackText, TO_RESTORE, useLack } from '../../access/useLack';
import { restoreClient } from '../../api/clients/restoreClient';
import { isFinal } from '../../api/final';
import { useRestores } from '../../api/queries/restoreQueries';
import { connectionTo } from '../../api/session/connection';
import { usePageUrl } from '../../otherClusters/usePageUrl';
import { NAMESPACE_PARAMETER, RESTORE_RUN_ROUTE } from '../../routes';
import { undoIcon } from '../../ui/icons';
import { useText } from '../../ui/text';
import { ConfirmButton } from '../ConfirmButton';
import { RestoreRunLink } from '../RestoreLink';

/** Gives the claim back what it held before a restore, or leads to where that was done. */
export function Undo({ cluster, restore }: { cluster: string; restore: Restore }) {
  const { t } = useText();
  const history = useHistory();
  const pageUrl = usePageUrl();
  const { id, target, status, safetyBackupId } = restore;
  const { value: restores } = useRestores(cluster, target);
  const lack = useLack(cluster, { ...target, cluster: restore.cluster }, TO_RESTORE);
  if (!safetyBackupId || !isFinal(status)) return null;
  const volume = `${target.namespace}/${target.name}`;
  const done = restores?.find(
    each => each.undoOf === id && each.status !== 'failed' && each.status !== 'cancelled'
  );
  if (done) {
    return (
      <Typography component="span" variant="body2">
        <RestoreRunLink cluster={cluster} id={done.id} namespace={target.namespace}>
          {isFinal(done.status) ? t('It was undone') : t('It is being undone')}
        </RestoreRunLink>
      </Typography>
    );
  }
  async function undo() {
    const client = restoreClient(connectionTo(cluster));
    const { restore: started } = await client.undo(id, { namespace: target.namespace });
    const query = { [NAMESPACE_PARAMETER]: target.namespace };
    history.push(pageUrl(cluster, RESTORE_RUN_ROUTE, { id: started.id }, query));
  }
  return (
    <ConfirmButton
      cluster={cluster}
      icon={undoIcon}
      text={t('Undo')}
      label={t('Undo the restore into {{volume}}', { volume })}
      title={t('Undo the restore into {{volume}}?', { volume })}
      no={t('Keep it as it is')}
      yes={t('Undo the restore')}
      isDangerous
      why={lackText(lack, t)}
      failure={t('The restore could not be undone')}
      act={undo}
    >
      <Typography gutterBottom>
        {t('The claim is restored from the backup that was taken before the restore.')}
      </Typography>
      <Typography>
        {t(
          'Data written since then is deleted. The current contents are backed up first, so this can be undone too.'
        )}
      </Typography>
    </ConfirmButton>
  );
}
