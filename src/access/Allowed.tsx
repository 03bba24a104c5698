import { Box, Typography } from '@mui/material';
import { failedIcon, successIcon } from '../ui/icons';
import { Badge } from '../ui/status';
import { useText } from '../ui/text';

/** Whether something is allowed, and which rights are missing for it. */
export function Allowed({ missing }: { missing: readonly string[] }) {
  const { t } = useText();
  if (missing.length === 0) return <Badge icon={successIcon} color="success" text={t('Yes')} />;
  return (
    <Box>
      <Badge icon={failedIcon} color="" text={t('No')} />
      {missing.map(right => (
        <Typography
          key={right}
          variant="caption"
          component="div"
          color="text.secondary"
          sx={{ mt: 0.5, overflowWrap: 'anywhere' }}
        >
          {t('Needs {{right}}', { right })}
        </Typography>
      ))}
    </Box>
  );
}
