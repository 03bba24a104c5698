import { Icon } from '@iconify/react';
import { Box, Tooltip, Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { failedIcon, goneIcon, provenIcon } from '../../ui/icons';
import { statusColor } from '../../ui/statusColor';
import { type Translate, useText } from '../../ui/text';
import { nowMs } from '../../ui/time/clock';
import { formatAgo } from '../../ui/time/time';
import { WHOLE_WORDS } from '../../ui/wholeWords';
import { type ArchiveState, archiveStateOf } from './archiveState';

/** @returns a word or two, and a sentence or two. */
export function proofTexts(
  state: Exclude<ArchiveState, { kind: 'none' }>,
  t: Translate
): [string, string] {
  switch (state.kind) {
    case 'missing':
      return [t('Archive missing'), t('The archive was not found at its destination.')];
    case 'deleted':
      return [t('Archive deleted'), t('Only the record of this backup is kept.')];
    case 'proven':
      switch (state.how) {
        case 'contents':
          return [
            t('Contents'),
            t(
              'The archive was read back and unpacked, its files were counted, and its checksum matches.'
            ),
          ];
        case 'checksum':
          return [
            t('Checksum'),
            t('The archive has the size and the SHA-256 that the helper pod computed.'),
          ];
        case 'size':
          return [
            t('Size'),
            t('The storage reports only the size of the archive, and the size matches.'),
          ];
        case 'unknown':
          return [t('Proven'), t('The method was not recorded at that time.')];
      }
  }
}

/** How the archive of a run was proven, or what became of it. */
export function ArchiveProof({ backup }: { backup: Backup }) {
  const { t, language } = useText();
  const state = archiveStateOf(backup);
  if (state.kind === 'none') return null;
  const [text, explanation] = proofTexts(state, t);
  const checkedAt = state.kind === 'proven' ? state.verifiedAt : null;
  const hint = checkedAt
    ? `${explanation} ${t('Verified again {{ago}}.', {
        ago: formatAgo(nowMs() - Date.parse(checkedAt), language),
      })}`
    : explanation;
  const icon =
    state.kind === 'proven' ? provenIcon : state.kind === 'missing' ? failedIcon : goneIcon;
  return (
    <Tooltip title={hint} describeChild enterTouchDelay={0}>
      <Box
        component="span"
        tabIndex={0}
        sx={{ display: 'inline-flex', alignItems: 'center', gap: 0.5, verticalAlign: 'middle' }}
      >
        <Box
          component="span"
          aria-hidden
          sx={{
            lineHeight: 0,
            color:
              state.kind === 'proven'
                ? statusColor('success')
                : state.kind === 'missing'
                ? statusColor('error')
                : 'text.secondary',
          }}
        >
          <Icon icon={icon} width={18} />
        </Box>
        <Typography component="span" variant="body2" sx={WHOLE_WORDS}>
          {text}
        </Typography>
      </Box>
    </Tooltip>
  );
}
