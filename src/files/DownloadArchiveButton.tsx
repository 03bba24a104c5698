import { Icon } from '@iconify/react';
import { Button } from '@mui/material';
import type { Backup } from '../../sidecar/api';
import { downloadIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { useDownload } from './useDownload';

interface DownloadArchiveButtonProps {
  cluster: string;
  backup: Pick<Backup, 'id' | 'namespace' | 'name'>;
}

/** Downloads the archive of a backup as it is stored. */
export function DownloadArchiveButton({ cluster, backup }: DownloadArchiveButtonProps) {
  const { t } = useText();
  const { download, isBusy } = useDownload(cluster);
  const { id, namespace, name } = backup;
  return (
    <Button
      size="small"
      variant="outlined"
      aria-disabled={isBusy || undefined}
      aria-label={t('Download archive of {{volume}}', { volume: `${namespace}/${name}` })}
      startIcon={<Icon icon={downloadIcon} />}
      onClick={() => void download({ id, namespace }, [])}
      sx={{ whiteSpace: 'nowrap', opacity: isBusy ? 0.5 : undefined }}
    >
      {t('Download archive')}
    </Button>
  );
}
