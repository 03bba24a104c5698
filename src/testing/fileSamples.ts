import { ArchiveComparison, ArchiveFile, FileList, FileVersions } from '../../sidecar/api';

/** A file of 1 KiB; tests say only in what theirs differs. Samples pass the contract's own schemas. */
export const aFile = (path: string, differs: Partial<ArchiveFile> = {}): ArchiveFile =>
  ArchiveFile.parse({
    path,
    name: path.split('/').at(-1),
    type: 'file',
    bytes: 1024,
    mode: '-rw-r--r--',
    owner: '1000/1000',
    modifiedAt: '2026-11-20T10:00:00.000Z',
    target: null,
    entries: null,
    ...differs,
  });

export const aFolder = (path: string, entries = 1): ArchiveFile =>
  aFile(path, { type: 'directory', bytes: 0, mode: 'drwxr-xr-x', entries });

export const fileList = (files: ArchiveFile[], differs: Partial<FileList> = {}): FileList =>
  FileList.parse({
    files,
    total: files.length,
    nextCursor: null,
    index: 'stored',
    canReadRanges: true,
    ...differs,
  });

type Version = FileVersions['versions'][number];

export const fileVersions = (versions: Version[], nextCursor: string | null = null): FileVersions =>
  FileVersions.parse({ versions, nextCursor });

export const comparison = (differs: Partial<ArchiveComparison>): ArchiveComparison =>
  ArchiveComparison.parse({
    added: 0,
    removed: 0,
    changed: 0,
    same: 0,
    changes: [],
    nextCursor: null,
    ...differs,
  });
