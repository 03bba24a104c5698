import type { ArchiveFile } from '../../sidecar/api';
import { formatBytes } from '../ui/bytes';
import type { Translate } from '../ui/text';
import type { Sort } from './view';

/** A column beside the name. */
export interface FileColumn {
  id: string;
  label: string;
  width: string;
  sort?: Sort;
  isRight?: boolean;
  /** In letters of one width. */
  isFixed?: boolean;
  value(file: ArchiveFile): string;
}

interface ColumnsOf {
  t: Translate;
  language?: string;
  formatDate: (date: string) => string;
  isMedium: boolean;
  isNarrow: boolean;
}

/** @returns the columns that a window of this width has room for. A phone has none: see `FileName`. */
export function fileColumns({
  t,
  language,
  formatDate,
  isMedium,
  isNarrow,
}: ColumnsOf): FileColumn[] {
  const columns: FileColumn[] = [
    {
      id: 'size',
      label: t('Size'),
      width: '120px',
      sort: 'size',
      isRight: true,
      value: file => sizeText(file, t, language),
    },
    {
      id: 'time',
      label: t('Modified'),
      width: '200px',
      sort: 'time',
      value: ({ modifiedAt }) => (modifiedAt ? formatDate(modifiedAt) : ''),
    },
    {
      id: 'mode',
      label: t('Mode'),
      width: '110px',
      isFixed: true,
      value: ({ mode }) => mode,
    },
    { id: 'owner', label: t('Owner'), width: '110px', isFixed: true, value: ({ owner }) => owner },
  ];
  return isNarrow ? [] : isMedium ? columns.slice(0, 2) : columns;
}

/** @returns the bytes of a file, or how many entries a folder holds. */
export function sizeText({ type, bytes, entries }: ArchiveFile, t: Translate, language?: string) {
  if (type === 'directory') {
    return entries === null
      ? ''
      : t('{{number}} entries', { count: entries, number: entries.toLocaleString(language) });
  }
  return type === 'file' || type === 'hardlink' ? formatBytes(bytes, language) : '';
}
