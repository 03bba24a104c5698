import type { IconifyIcon } from '@iconify/react';
import type { ArchiveFile } from '../../sidecar/api';
import { deviceIcon, fileIcon, folderIcon, linkIcon, otherIcon, pipeIcon } from '../ui/icons';
import type { Translate } from '../ui/text';

export const FILE_ICONS: Record<ArchiveFile['type'], IconifyIcon> = {
  file: fileIcon,
  directory: folderIcon,
  symlink: linkIcon,
  hardlink: linkIcon,
  fifo: pipeIcon,
  character: deviceIcon,
  block: deviceIcon,
  other: otherIcon,
};

export function typeText(type: ArchiveFile['type'], t: Translate): string {
  switch (type) {
    case 'file':
      return t('File');
    case 'directory':
      return t('Folder');
    case 'symlink':
      return t('Symbolic link');
    case 'hardlink':
      return t('Hard link');
    case 'fifo':
      return t('Pipe');
    case 'character':
      return t('Character device');
    case 'block':
      return t('Block device');
    case 'other':
      return t('Other');
  }
}
