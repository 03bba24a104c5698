import { Link, Stack, Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { RUNBOOKS_URL } from '../../../sidecar/api/names.ts';
import { CopyButton } from '../../ui/Copyable';
import { ProgramOutput } from '../../ui/ProgramOutput';
import { useText } from '../../ui/text';

interface LastOutputProps {
  /** Or a run of another kind. */
  backup: Pick<Backup, 'status' | 'stage'> & { helper: { lastWords?: string } | null };
}

/** The last output of the helper of a failed run, as a terminal would show it, and where to read on. */
export function LastOutput({ backup: { status, stage, helper } }: LastOutputProps) {
  const { t } = useText();
  if (status !== 'failed') return null;
  const output = helper?.lastWords;
  return (
    <Stack spacing={1}>
      {output && (
        <>
          <Stack direction="row" alignItems="center" gap={0.5}>
            <Typography component="h3" variant="subtitle2">
              {t('Last output of the helper pod')}
            </Typography>
            <CopyButton text={output} label={t('Copy the last output of the helper pod')} />
          </Stack>
          <ProgramOutput label={t('Last output of the helper pod')} text={output} />
        </>
      )}
      <Link
        href={stage ? `${RUNBOOKS_URL}#${stage}` : RUNBOOKS_URL}
        target="_blank"
        rel="noopener noreferrer"
        sx={{ alignSelf: 'flex-start' }}
      >
        {stage ? t('Troubleshoot the {{stage}} stage', { stage }) : t('Troubleshooting')}
      </Link>
    </Stack>
  );
}
