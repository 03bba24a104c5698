import type { Backup } from '../../sidecar/api';

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
  /** The run has not succeeded. */
  | { kind: 'none' };

export function archiveStateOf({
  status,
  copies,
}: Pick<Backup, 'status' | 'copies'>): ArchiveState {
  if (status !== 'success') return { kind: 'none' };
  const present = copies.find(({ state }) => state === 'present');
  if (present) {
    const { proof, provenAt, verifiedAt } = present;
    return { kind: 'proven', how: proof?.level ?? 'unknown', at: provenAt, verifiedAt };
  }
  return { kind: copies.some(({ state }) => state === 'missing') ? 'missing' : 'deleted' };
}

/** @returns whether there is an archive to restore, browse and download. */
export const hasArchive = (backup: Pick<Backup, 'status' | 'copies'>): boolean =>
  archiveStateOf(backup).kind === 'proven';
