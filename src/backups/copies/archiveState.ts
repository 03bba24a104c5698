import type { Backup } from '../../../sidecar/api';

/** What is left of a run: a proven archive, and how it was proven, or why there is none. */
export type ArchiveState =
  | {
      kind: 'proven';
      how: 'contents' | 'checksum' | 'size' | 'unknown';
      at: string | null;
      verifiedAt: string | null;
    }
  /** Not found where it should be. */
  | { kind: 'missing' }
  /** Deleted by NKVM. */
  | { kind: 'deleted' }
  /** The run goes on, or has left nothing. */
  | { kind: 'none' };

export function archiveStateOf({
  status,
  copies,
}: Pick<Backup, 'status' | 'copies'>): ArchiveState {
  const present = copies.find(({ state }) => state === 'present');
  // A run that has failed because of one destination has left proven archives at others.
  if (status !== 'success' && !(status === 'failed' && present)) return { kind: 'none' };
  if (present) {
    const { proof, provenAt, verifiedAt } = present;
    return { kind: 'proven', how: proof?.level ?? 'unknown', at: provenAt, verifiedAt };
  }
  return { kind: copies.some(({ state }) => state === 'missing') ? 'missing' : 'deleted' };
}

/** @returns whether there is an archive to restore, browse and download. */
export const hasArchive = (backup: Pick<Backup, 'status' | 'copies'>): boolean =>
  archiveStateOf(backup).kind === 'proven';
