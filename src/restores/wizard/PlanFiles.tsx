import { Box, Paper, Typography } from '@mui/material';
import type { RestoreMode, RestorePlan } from '../../../sidecar/api';
import { visible } from '../../../sidecar/api/visible.ts';
import { Message } from '../../ui/Message';
import { statusColor } from '../../ui/statusColor';
import { useText } from '../../ui/text';

/** How many files of the claim are new, replaced, unchanged and left over, with names. */
export function PlanFiles({ plan, mode }: { plan: RestorePlan; mode: RestoreMode }) {
  const { t } = useText();
  const { files, claim } = plan;
  if (claim.action === 'create') return null;
  if (!files) {
    return (
      <Message severity="info">
        {t('The contents of the claim are unknown, so the files cannot be compared.')}
      </Message>
    );
  }
  return (
    <section>
      <Typography component="h3" variant="subtitle1" gutterBottom>
        {t('Files in the claim')}
      </Typography>
      {!files.isComplete && (
        <Message severity="warning" sx={{ mb: 1.5 }}>
          {t('The claim was not read to the end. It has at least as many files as shown.')}
        </Message>
      )}
      <Box
        sx={{
          display: 'grid',
          gridTemplateColumns: 'repeat(auto-fit, minmax(145px, 1fr))',
          gap: 1.5,
        }}
      >
        <Change title={t('New')} text={t('only in the backup')} {...files.added} />
        <Change title={t('Replaced')} text={t('in both, and different')} {...files.replaced} />
        <Change title={t('Unchanged')} text={t('the same in both')} {...files.unchanged} />
        {mode === 'mirror' ? (
          <Change title={t('Deleted')} text={t('only in the claim')} {...files.leftOver} isBad />
        ) : (
          <Change title={t('Kept')} text={t('only in the claim')} {...files.leftOver} />
        )}
      </Box>
    </section>
  );
}

interface ChangeProps {
  title: string;
  text: string;
  count: number;
  names: string[];
  isBad?: boolean;
}

function Change({ title, text, count, names, isBad = false }: ChangeProps) {
  const { t, language } = useText();
  const more = count - names.length;
  return (
    <Paper variant="outlined" sx={{ p: 1.5, minWidth: 0, backgroundColor: 'transparent' }}>
      <Typography component="h4" variant="body2" color="text.secondary">
        {title}
      </Typography>
      <Typography
        variant="h5"
        component="p"
        sx={{
          fontVariantNumeric: 'tabular-nums',
          ...(isBad && count > 0 && { color: statusColor('error') }),
        }}
      >
        {count.toLocaleString(language)}
      </Typography>
      <Typography variant="caption" color="text.secondary" component="p">
        {text}
      </Typography>
      {names.length > 0 && (
        <Box component="details" sx={{ mt: 0.5 }}>
          <Typography component="summary" variant="body2" sx={{ cursor: 'pointer' }}>
            {t('Names')}
          </Typography>
          <Box
            component="ul"
            sx={{
              m: 0,
              pl: 2,
              maxHeight: '16em',
              overflow: 'auto',
              fontFamily: 'monospace',
              fontSize: '0.8125rem',
              overflowWrap: 'anywhere',
            }}
          >
            {names.map(name => (
              <li key={name}>{visible(name)}</li>
            ))}
            {more > 0 && <li>{t('and {{more}} more', { more: more.toLocaleString(language) })}</li>}
          </Box>
        </Box>
      )}
    </Paper>
  );
}
