import type { Backup } from '../../sidecar/api';
import { hasArchive } from '../backups/copies/archiveState';

/** Where an archive comes from, by the `backup` of a request. */
export type SourceKind = 'backup' | 'archive' | 'upload';

const ARCHIVE = 'archive:';
const UPLOAD = 'upload:';

/** @param backup of a request; empty where nothing is chosen. */
export const kindOf = (backup: string): SourceKind =>
  backup.startsWith(ARCHIVE) ? 'archive' : backup.startsWith(UPLOAD) ? 'upload' : 'backup';

export const archiveSource = (key: string): string => ARCHIVE + key;
export const uploadSource = (id: string): string => UPLOAD + id;

/** Whether there is something to restore: a proven archive that is where it should be. */
export const isRestorable = (backup: Backup): boolean =>
  backup.kind === 'backup' && hasArchive(backup);
