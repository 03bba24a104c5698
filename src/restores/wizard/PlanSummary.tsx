import { Box, Typography } from '@mui/material';
import type { RestorePlan, StartRestore } from '../../../sidecar/api';
import { refText } from '../../api/clusterRef';
import { formatBytes } from '../../ui/bytes';
import { Facts } from '../../ui/Facts';
import { Message } from '../../ui/Message';
import { useText } from '../../ui/text';
import { Ago } from '../../ui/time/Ago';
import { useFormatDate } from '../../ui/time/useFormatDate';
import { kindOf } from '../sources';

interface PlanSummaryProps {
  plan: RestorePlan;
  request: StartRestore;
  /** The cluster of the claim, where that is not the one of the backup; see `ClusterRef`. */
  into?: string;
}

/** One sentence that says what will happen, and below it the source and the target. */
export function PlanSummary({ plan, request, into }: PlanSummaryProps) {
  const { t, language } = useText();
  const date = useFormatDate();
  const { source, claim, selected, neededBytes, availableBytes } = plan;
  const isNew = claim.action === 'create';
  const isUpload = kindOf(request.backup) === 'upload';
  const volume = `${claim.namespace}/${claim.name}`;
  const size = (bytes: number | null | undefined) =>
    bytes === null || bytes === undefined ? undefined : formatBytes(bytes, language);
  const entries = selected?.entries ?? source.files ?? undefined;
  const bytes = size(selected ? selected.bytes : source.rawBytes);
  const labels = Object.entries(claim.labels).map(([key, value]) => `${key}=${value}`);
  return (
    <section>
      <Typography component="h3" variant="h6" sx={{ overflowWrap: 'anywhere', mb: 1 }}>
        {isNew
          ? t('Claim {{volume}} is created', { volume })
          : t('Claim {{volume}} is changed', { volume })}
      </Typography>
      {!source.hasManifest && (
        <Message severity="warning" sx={{ mb: 1 }}>
          {isUpload
            ? t('The archive was uploaded, so there is no record of its expected contents.')
            : t('The archive has no manifest, so there is no record of its expected contents.')}
        </Message>
      )}
      <Facts
        rows={[
          {
            name: t('From'),
            value: (
              <Box sx={{ overflowWrap: 'anywhere' }}>
                {source.namespace && source.name
                  ? t('Backup of {{volume}}', { volume: `${source.namespace}/${source.name}` })
                  : isUpload
                  ? t('An archive that was uploaded')
                  : source.archive}
                {source.createdAt && (
                  <>
                    {' · '}
                    <Ago date={source.createdAt} />
                    {` (${date(source.createdAt)})`}
                  </>
                )}
              </Box>
            ),
          },
          { name: t('Into cluster'), value: into && refText(into), hide: !into },
          {
            name: t('Contents'),
            value: [
              selected ? t('Selected files and folders') : t('Everything in the archive'),
              entries !== undefined && t('{{count}} entries', { count: entries }),
              bytes,
            ]
              .filter(Boolean)
              .join(' · '),
          },
          {
            name: t('Size'),
            // What was provisioned is in bytes.
            value: /^\d+$/.test(claim.size ?? '') ? size(Number(claim.size)) : claim.size,
            hide: !claim.size,
          },
          {
            name: t('Storage class'),
            value: claim.storageClass,
            hide: !isNew || !claim.storageClass,
          },
          {
            name: t('Access modes'),
            value: claim.accessModes.join(', '),
            hide: !isNew || claim.accessModes.length === 0,
          },
          { name: t('Labels'), value: labels.join(', '), hide: !isNew || labels.length === 0 },
          {
            name: t('Space'),
            value: [
              size(neededBytes) && t('{{size}} needed', { size: size(neededBytes) }),
              size(availableBytes) && t('{{size}} available', { size: size(availableBytes) }),
            ]
              .filter(Boolean)
              .join(' · '),
            hide: neededBytes === null && availableBytes === null,
          },
        ]}
      />
    </section>
  );
}
