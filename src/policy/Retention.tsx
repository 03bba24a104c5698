import { Box, Stack, Typography } from '@mui/material';
import type { RetentionPlan, VolumeRef } from '../../sidecar/api';
import { formatBytes } from '../ui/bytes';
import { useText } from '../ui/text';
import { Hold } from './Hold';
import { RetentionPicture } from './RetentionPicture';

interface RetentionProps {
  cluster: string;
  claim: VolumeRef;
  plans: RetentionPlan[];
}

/** Which backups of a volume stay and which go, at each destination. */
export function Retention({ cluster, claim, plans }: RetentionProps) {
  const { t } = useText();
  if (plans.length === 0) {
    return (
      <Typography variant="body2" color="text.secondary">
        {t('There is no retention plan for this volume.')}
      </Typography>
    );
  }
  return (
    <Stack spacing={3}>
      {plans.map(plan => (
        <Box key={plan.destination}>
          <Typography component="h4" variant="subtitle2">
            {plan.destination}
          </Typography>
          <Typography
            variant="body2"
            color="text.secondary"
            sx={{ overflowWrap: 'anywhere', mb: 1 }}
          >
            <PlanText plan={plan} />
          </Typography>
          {plan.hold && (
            <Box sx={{ mb: 1 }}>
              <Hold cluster={cluster} claim={claim} plan={plan} />
            </Box>
          )}
          {plan.archives.length > 0 && (
            <RetentionPicture cluster={cluster} namespace={claim.namespace} plan={plan} />
          )}
        </Box>
      ))}
    </Stack>
  );
}

function PlanText({ plan: { keep, kept, removed, removedBytes } }: { plan: RetentionPlan }) {
  const { t, language } = useText();
  return (
    <>
      {keep === '' ? t('Everything is kept') : t('Rules {{rules}}', { rules: keep })}
      {' · '}
      {t('{{count}} backups kept', { count: kept })}
      {removed > 0 &&
        ` · ${t('{{count}} backups to be deleted', { count: removed })} (${formatBytes(
          removedBytes,
          language
        )})`}
    </>
  );
}
