import type {
  Backup,
  BackupList,
  BackupSummary,
  Volume,
  VolumeRef,
  VolumesChange,
} from '../../../sidecar/api';

const keyOf = ({ namespace, name }: VolumeRef) => `${namespace}/${name}`;

/** @returns `volumes` with `change`, ordered by namespace, then name. What has not changed stays the same object. */
export function withChange(
  volumes: Volume[],
  { volumes: changed, removed }: VolumesChange
): Volume[] {
  const newest = new Map(changed.map(volume => [keyOf(volume), volume]));
  const gone = new Set(removed.map(keyOf));
  const kept = volumes.flatMap(volume => {
    const key = keyOf(volume);
    const next = newest.get(key);
    newest.delete(key);
    return next ? [next] : gone.has(key) ? [] : [volume];
  });
  if (newest.size === 0) return kept;
  return [...kept, ...newest.values()].sort(
    (a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Runs of one volume, newest first, as far as they have been loaded. */
export interface LoadedRuns {
  runs: Backup[];
  /** Where older ones begin; null when there are none. */
  nextCursor: string | null;
}

/**
 * @param page the newest runs, asked for again.
 * @returns what is loaded with `page` in front. Older runs stay loaded, unless there may be a gap before them.
 */
export function withNewest(known: LoadedRuns | undefined, page: BackupList): LoadedRuns {
  const last = page.backups.at(-1);
  const isWhole = page.nextCursor === null || !last;
  const older = isWhole ? [] : (known?.runs ?? []).filter(({ id }) => id < last.id);
  const joins = known?.runs.some(({ id }) => id === last?.id);
  if (!known || isWhole || older.length === 0 || !joins) {
    return { runs: page.backups, nextCursor: page.nextCursor };
  }
  return { runs: [...page.backups, ...older], nextCursor: known.nextCursor };
}

/** @returns `known` with the page that begins at its cursor. */
export function withOlder(known: LoadedRuns, page: BackupList): LoadedRuns {
  const seen = new Set(known.runs.map(({ id }) => id));
  return {
    runs: [...known.runs, ...page.backups.filter(({ id }) => !seen.has(id))],
    nextCursor: page.nextCursor,
  };
}

/** @returns a run as a list of volumes shows it. */
export const summaryOf = (backup: Backup): BackupSummary => ({
  id: backup.id,
  status: backup.status,
  stage: backup.stage,
  createdAt: backup.createdAt,
  endedAt: backup.endedAt,
  bytes: backup.bytes,
  message: backup.message,
  presentAt: backup.copies
    .filter(({ state }) => state === 'present')
    .map(({ destination }) => destination),
  hasWarnings: backup.warnings.length > 0,
});
