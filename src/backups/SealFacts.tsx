import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Box } from '@mui/material';
import type { Seal } from '../../sidecar/api';
import { formatBytes, formatExactBytes } from '../ui/bytes';
import { CopyableText } from '../ui/Copyable';
import { Facts } from '../ui/Facts';
import { useText } from '../ui/text';

/** What the helper pod said that it had sent. */
export function SealFacts({ seal, tarMessages }: { seal: Seal; tarMessages: string[] }) {
  const { t, language } = useText();
  return (
    <SectionBox title={t('Seal of the helper pod')}>
      <Facts
        rows={[
          {
            name: t('Sent'),
            value: formatExactBytes(seal.bytes, language),
          },
          {
            name: 'SHA-256',
            value: <CopyableText text={seal.sha256} label={t('Copy the checksum')} />,
          },
          { name: t('Entries'), value: seal.files.toLocaleString(language) },
          { name: t('Before compression'), value: formatBytes(seal.rawBytes, language) },
          { name: t('Exit of tar'), value: seal.tarExit },
          { name: t('Exit of the compressor'), value: seal.compressorExit },
          {
            name: t('Words of tar'),
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
