import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { Seal } from '../../sidecar/api';
import { formatBytes, formatExactBytes } from '../ui/bytes';
import { CopyableText } from '../ui/Copyable';
import { Facts } from '../ui/Facts';
import { useText } from '../ui/text';

/** What the helper pod counted while it sent the archive; the sidecar's own count was the same. */
export function SealFacts({ seal, tarMessages }: { seal: Seal; tarMessages: string[] }) {
  const { t, language } = useText();
  return (
    <SectionBox title={t('Verification')}>
      <Facts
        rows={[
          {
            name: t('Sent by the helper pod'),
            value: formatExactBytes(seal.bytes, language),
          },
          {
            name: 'SHA-256',
            value: <CopyableText text={seal.sha256} label={t('Copy the checksum')} />,
          },
          { name: t('Files and folders'), value: seal.files.toLocaleString(language) },
          { name: t('Uncompressed size'), value: formatBytes(seal.rawBytes, language) },
          { name: t('tar exit code'), value: seal.tarExit },
          { name: t('Compressor exit code'), value: seal.compressorExit },
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
    </SectionBox>
  );
}
