import type { Backup } from '../../sidecar/api';
import { lackText, TO_READ, useLack } from '../access/useLack';
import { ActionButton } from '../ui/buttons/ActionButton';
import { downloadIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { useDownload } from './useDownload';

interface DownloadArchiveButtonProps {
  cluster: string;
  backup: Pick<Backup, 'id' | 'namespace' | 'name' | 'cluster'>;
}

/** Downloads the archive of a backup as it is stored. */
export function DownloadArchiveButton({ cluster, backup }: DownloadArchiveButtonProps) {
  const { t } = useText();
  const { download, isBusy } = useDownload(cluster);
  const { id, namespace, name } = backup;
  return (
    <ActionButton
      icon={downloadIcon}
      text={t('Download archive')}
      label={t('Download archive of {{volume}}', { volume: `${namespace}/${name}` })}
      isInert={isBusy}
      why={lackText(useLack(cluster, backup, TO_READ), t)}
      onClick={() => void download({ id, namespace }, [])}
    />
  );
}
