import { Link, Stack, Typography } from '@mui/material';
import type { Backup } from '../../sidecar/api';
import { RUNBOOKS_URL } from '../../sidecar/api/names.ts';
import { CopyButton } from '../ui/Copyable';
import { useText } from '../ui/text';

/** What the helper of a failed run said last, as a terminal would show it, and where to read on. */
export function LastWords({ backup: { status, stage, helper } }: { backup: Backup }) {
  const { t } = useText();
  if (status !== 'failed') return null;
  const words = helper?.lastWords;
  return (
    <Stack spacing={1}>
      {words && (
        <>
          <Stack direction="row" alignItems="center" gap={0.5}>
            <Typography component="h3" variant="subtitle2">
              {t('Last words of the helper')}
            </Typography>
            <CopyButton text={words} label={t('Copy the last words of the helper')} />
          </Stack>
          <Typography
            component="pre"
            variant="body2"
            // A scroll area that the keyboard reaches, too.
            tabIndex={0}
            aria-label={t('Last words of the helper')}
            role="region"
            sx={theme => ({
              m: 0,
              p: 1.5,
              maxHeight: '20em',
              overflow: 'auto',
              fontFamily: 'monospace',
              whiteSpace: 'pre-wrap',
              overflowWrap: 'anywhere',
              border: '1px solid',
              borderColor: theme.palette.divider,
              borderRadius: 1,
              background: theme.palette.background.muted,
            })}
          >
            {words}
          </Typography>
        </>
      )}
      <Link
        href={stage ? `${RUNBOOKS_URL}#${stage}` : RUNBOOKS_URL}
        target="_blank"
        rel="noopener noreferrer"
        sx={{ alignSelf: 'flex-start' }}
      >
        {stage ? t('Runbook of the stage {{stage}}', { stage }) : t('Runbooks')}
      </Link>
    </Stack>
  );
}
