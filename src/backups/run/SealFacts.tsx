import { Icon } from '@iconify/react';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box, Stack, Typography } from '@mui/material';
import type { Backup } from '../../../sidecar/api';
import { formatBytes, formatExactBytes } from '../../ui/bytes';
import { CopyableText } from '../../ui/Copyable';
import { Facts } from '../../ui/Facts';
import { provenIcon } from '../../ui/icons';
import { statusColor } from '../../ui/statusColor';
import { useText } from '../../ui/text';
import { proofTexts } from '../copies/ArchiveProof';
import { archiveStateOf } from '../copies/archiveState';
import { leftOutRows } from './leftOutRows';

/** The proof of an archive in one sentence, and the figures that the helper pod sent after it. */
export function SealFacts({ backup }: { backup: Backup }) {
  const { t, language } = useText();
  const { seal, archive, sha256, tarMessages } = backup;
  if (!seal && !archive && tarMessages.length === 0) return null;
  const state = archiveStateOf(backup);
  const checksum = sha256 ?? seal?.sha256;
  return (
    <SectionBox title={seal || archive ? t('Verification') : t('tar messages')}>
      <Stack spacing={1}>
        {state.kind === 'proven' && (
          <Box sx={{ display: 'flex', alignItems: 'center', gap: 1 }}>
            <Box aria-hidden sx={{ lineHeight: 0, color: statusColor('success') }}>
              <Icon icon={provenIcon} width={20} />
            </Box>
            <Typography variant="body2">
              {`${t('Verified.')} ${proofTexts(state, t)[1]}`}
            </Typography>
          </Box>
        )}
        <Facts
          rows={[
            {
              name: t('Archive'),
              value: archive && <CopyableText text={archive} label={t('Copy the path')} />,
              hide: !archive,
            },
            {
              name: 'SHA-256',
              value: checksum && <CopyableText text={checksum} label={t('Copy the checksum')} />,
              hide: !checksum,
            },
            {
              name: t('Sent by the helper pod'),
              value: seal && formatExactBytes(seal.bytes, language),
              hide: !seal,
            },
            {
              name: t('Files and folders'),
              value: seal?.files.toLocaleString(language),
              hide: !seal,
            },
            {
              name: t('Uncompressed size'),
              value: seal && formatBytes(seal.rawBytes, language),
              hide: !seal,
            },
            ...(seal ? leftOutRows(seal, t, language) : []),
            { name: t('tar exit code'), value: seal?.tarExit, hide: !seal },
            { name: t('Compressor exit code'), value: seal?.compressorExit, hide: !seal },
            {
              name: t('tar messages'),
              value: (
                <Box component="pre" sx={{ m: 0, whiteSpace: 'pre-wrap' }}>
                  {tarMessages.join('\n')}
                </Box>
              ),
              hide: tarMessages.length === 0,
            },
          ]}
        />
      </Stack>
    </SectionBox>
  );
}
