import { Icon } from '@iconify/react';
import { Button } from '@mui/material';
import { Link as RouterLink } from 'react-router-dom';
import type { ArchiveFile, Backup } from '../../sidecar/api';
import { visible } from '../../sidecar/api/visible.ts';
import { useRestoreUrl } from '../restores/RestoreLink';
import { formatExactBytes } from '../ui/bytes';
import { CopyableText } from '../ui/Copyable';
import { Facts } from '../ui/Facts';
import { downloadIcon, restoreIcon, versionsIcon } from '../ui/icons';
import { useText } from '../ui/text';
import { TextDialog } from '../ui/TextDialog';
import { useFormatDate } from '../ui/time/useFormatDate';
import { useVersionsUrl } from './ArchiveLinks';
import { sizeText } from './fileColumns';
import { typeText } from './fileIcons';

interface FileDetailsProps {
  cluster: string;
  backup: Backup;
  file: ArchiveFile;
  /** A download is being prepared. */
  isBusy: boolean;
  onDownload(): void;
  onClose(): void;
}

/** All that an archive says of an entry, and what can be done with it. */
export function FileDetails(props: FileDetailsProps) {
  const { cluster, backup, file, isBusy, onDownload, onClose } = props;
  const { t, language } = useText();
  const date = useFormatDate('medium');
  const restoreUrl = useRestoreUrl(cluster);
  const versionsUrl = useVersionsUrl(cluster);
  const { path, name, type, bytes, mode, owner, modifiedAt, target } = file;
  const { id, namespace, name: volume } = backup;
  const isFile = type === 'file' || type === 'hardlink';
  return (
    <TextDialog
      title={visible(name)}
      isOpen
      onClose={onClose}
      actions={
        <>
          {isFile && (
            <Button
              startIcon={<Icon icon={downloadIcon} />}
              aria-disabled={isBusy || undefined}
              onClick={onDownload}
              sx={{ opacity: isBusy ? 0.5 : undefined }}
            >
              {t('Download')}
            </Button>
          )}
          {type !== 'directory' && (
            <Button
              component={RouterLink}
              to={versionsUrl(backup, path)}
              startIcon={<Icon icon={versionsIcon} />}
            >
              {t('Versions')}
            </Button>
          )}
          <Button
            component={RouterLink}
            to={restoreUrl({ backup: id, from: { namespace, name: volume }, paths: [path] })}
            startIcon={<Icon icon={restoreIcon} />}
          >
            {t('Restore…')}
          </Button>
          <Button onClick={onClose}>{t('Close')}</Button>
        </>
      }
    >
      <Facts
        isInDialog
        rows={[
          { name: t('Path'), value: <CopyableText text={path} label={t('Copy the path')} /> },
          { name: t('Type'), value: typeText(type, t) },
          {
            name: t('Size'),
            value: isFile ? formatExactBytes(bytes, language) : sizeText(file, t, language),
            hide: !isFile && type !== 'directory',
          },
          {
            name: type === 'hardlink' ? t('Same file as') : t('Links to'),
            value: target && visible(target),
            hide: target === null,
          },
          {
            name: t('Modified'),
            value: modifiedAt && date(modifiedAt),
            hide: !modifiedAt,
          },
          { name: t('Mode'), value: <code>{mode}</code> },
          { name: t('Owner'), value: t('{{owner}} (user/group)', { owner }) },
        ]}
      />
    </TextDialog>
  );
}
