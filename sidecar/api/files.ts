import { z } from 'zod';
import { metLimits } from './limits.ts';
import { wholeNumber } from './query.ts';
import { ArchiveId, ArchivePath } from './restores.ts';

/** Which archive: id of a backup, `archive:KEY` for one that no backup here has, `upload:ID` for an upload. */
export const ArchiveParams = z.strictObject({ id: ArchiveId });

/** An entry of an archive. */
export const ArchiveFile = z.strictObject({
  path: z
    .string()
    .describe('see ArchivePath: relative, escaped where it is not UTF-8; `` is the root'),
  name: z.string().describe('its last part'),
  type: z.enum(['file', 'directory', 'symlink', 'hardlink', 'fifo', 'character', 'block', 'other']),
  bytes: z.int().min(0),
  mode: z.string().describe('as `ls -l` shows it, e.g. `-rw-r--r--`'),
  owner: z.string().describe('uid/gid'),
  modifiedAt: z.iso.datetime().nullable(),
  target: z.string().nullable().describe('where a link leads'),
  entries: z.int().min(0).nullable().describe('of a directory: how many it holds directly'),
});
export type ArchiveFile = z.infer<typeof ArchiveFile>;

/** Either the entries of one folder (`path`), or all that match a search below it. */
export const FileQuery = z.strictObject({
  path: z.string().max(16_384).default('').describe('a folder; empty: the root'),
  search: z
    .string()
    .max(500)
    .optional()
    .describe('part of a name, any case; searches all below `path`'),
  minBytes: wholeNumber(0).optional(),
  maxBytes: wholeNumber(0).optional(),
  after: z.iso.datetime().optional().describe('modified at this time or later'),
  before: z.iso.datetime().optional(),
  sort: z.enum(['name', 'size', 'time']).default('name'),
  order: z.enum(['asc', 'desc']).default('asc'),
  cursor: z.string().max(500).optional(),
  limit: wholeNumber(1, 1_000).default(200),
});
export type FileQuery = z.infer<typeof FileQuery>;

export const FileList = z.strictObject({
  files: z.array(ArchiveFile),
  total: z.int().min(0).describe('how many there are in all pages'),
  nextCursor: z.string().nullable(),
  index: z
    .enum(['stored', 'rebuilt'])
    .describe('rebuilt: the archive has no index of its own; it was read as a whole once'),
  canReadRanges: z
    .boolean()
    .describe(
      'false: the archive is one gzip member, so that reading a file unpacks all before it'
    ),
});
export type FileList = z.infer<typeof FileList>;

export const VersionQuery = z.strictObject({
  path: ArchivePath,
  cursor: z.string().max(200).optional(),
  limit: wholeNumber(1, 50).default(10),
});

/** One archive of a volume, and the file in it. */
export const FileVersion = z.strictObject({
  backup: z.string(),
  createdAt: z.iso.datetime(),
  state: z.enum(['present', 'absent', 'unknown']).describe('unknown: the archive cannot be read'),
  file: ArchiveFile.nullable(),
  isSame: z.boolean().describe('same type, size and time as in the next older archive'),
});
export const FileVersions = z.strictObject({
  versions: z.array(FileVersion).describe('newest first'),
  nextCursor: z.string().nullable(),
});
export type FileVersions = z.infer<typeof FileVersions>;

export const ComparisonQuery = z.strictObject({
  with: ArchiveId.describe('the id of the older backup'),
  path: z.string().max(16_384).default(''),
  cursor: z.string().max(500).optional(),
  limit: wholeNumber(1, 1_000).default(200),
});
/** Changes from the older archive to this one. */
export const ArchiveComparison = z.strictObject({
  added: z.int().min(0),
  removed: z.int().min(0),
  changed: z.int().min(0),
  same: z.int().min(0),
  changes: z.array(
    z.strictObject({
      change: z.enum(['added', 'removed', 'changed']),
      file: ArchiveFile,
      before: ArchiveFile.nullable(),
    })
  ),
  nextCursor: z.string().nullable(),
});
export type ArchiveComparison = z.infer<typeof ArchiveComparison>;

/** A file as it is, a folder or several paths as `.tar.gz`, or the whole archive (no paths); of an increment, all of the volume as `.tar.gz`. */
export const StartDownload = z.strictObject({
  paths: z.array(ArchivePath).max(1_000).default([]),
});
export type StartDownload = z.infer<typeof StartDownload>;

export const DownloadTicket = z.strictObject({
  path: z
    .string()
    .describe('GET it once, within 60 s, e.g. `/api/v1/downloads/abc`; no token is needed'),
  expiresAt: z.iso.datetime(),
  fileName: z.string(),
  bytes: z.int().min(0).nullable(),
});
export type DownloadTicket = z.infer<typeof DownloadTicket>;

/** An archive at the destination that no backup in the history has. */
export const ForeignArchive = z.strictObject({
  key: z.string(),
  bytes: z.int().min(0),
  modifiedAt: z.iso.datetime(),
  hasManifest: z.boolean(),
  cluster: z.string().nullable(),
  namespace: z.string().nullable(),
  name: z.string().nullable(),
});
export const ForeignArchives = z.strictObject({
  archives: z.array(ForeignArchive),
  isComplete: z.boolean().describe('false: there are more than are listed; `limits` says why'),
  limits: metLimits,
});
export type ForeignArchives = z.infer<typeof ForeignArchives>;

export const Upload = z.strictObject({
  id: z.string(),
  bytes: z.int().min(0),
  sha256: z.string(),
  files: z.int().min(0),
  rawBytes: z.int().min(0),
  expiresAt: z.iso.datetime().describe('it is deleted then, unless a restore uses it'),
});
export type Upload = z.infer<typeof Upload>;
