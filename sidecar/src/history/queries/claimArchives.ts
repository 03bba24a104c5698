import type { Database } from 'sql.js';
import type { Chain, Copy } from '../../../api/index.ts';

/** An archive that is present, as retention looks at it. */
export interface ArchiveFact {
  /** Id of the run of its backup. */
  run: string;
  /** UID of the claim that was backed up. */
  uid: string;
  clusterUid: string | null;
  createdAt: string;
  /** False: a person asked for it, it is a safety backup, or the history was rebuilt and does not know. */
  isScheduled: boolean;
  /** The run has not ended. */
  isUnfinished: boolean;
  destination: string;
  key: string;
  bytes: number | null;
  /** Entries in the volume. */
  entries: number | null;
  provenAt: string | null;
  /** Warnings of its run. */
  warnings: readonly string[];
  /** Of an increment: ids of the backups that it needs; none for a full archive. */
  needs: readonly string[];
}

/** Facts of the history about archives, for retention. */
export interface ClaimArchives {
  /** @returns the present archives of all claims that had this name, oldest first. An index makes it cheap. */
  archivesOf(namespace: string, name: string): ArchiveFact[];
  /** @returns the names of all claims with a backup. */
  backedUpClaims(): { namespace: string; name: string }[];
  /** @returns when the newest run was asked for, by a clock that may have been wrong. */
  newestRunAt(): string | undefined;
  /** @returns ids of backups whose last check, a verification or a drill, failed. */
  failedChecks(): Set<string>;
}

const PRESENT: Copy['state'] = 'present';

export function claimArchives(db: Database): ClaimArchives {
  const values = (sql: string, given: (string | number)[] = []) =>
    db.exec(sql, given)[0]?.values ?? [];
  const text = (value: unknown) => (value === null ? null : String(value));
  const number = (value: unknown) => (value === null ? null : Number(value));
  return {
    archivesOf: (namespace, name) =>
      values(
        `SELECT runs.id, pvc_uid, cluster_uid, created_at, priority, status, destination_id, key,
            coalesce(copies.bytes, runs.bytes), coalesce(seal ->> 'entriesInVolume', seal ->> 'files'), proven_at, warnings, chain
          FROM runs JOIN copies ON run_id = runs.id
          WHERE namespace = ? AND pvc_name = ? AND kind = 'backup' AND state = ?
          ORDER BY created_at, runs.id`,
        [namespace, name, PRESENT]
      ).map(row => ({
        run: String(row[0]),
        uid: String(row[1]),
        clusterUid: text(row[2] ?? null),
        createdAt: String(row[3]),
        isScheduled: row[4] === 'scheduled',
        isUnfinished: row[5] === 'queued' || row[5] === 'running',
        destination: String(row[6]),
        key: String(row[7]),
        bytes: number(row[8] ?? null),
        entries: number(row[9] ?? null),
        provenAt: text(row[10] ?? null),
        warnings: row[11] === '[]' ? [] : textsIn(String(row[11])),
        needs: linksIn(row[12] ?? null),
      })),
    backedUpClaims: () =>
      values(
        `SELECT DISTINCT namespace, pvc_name FROM runs WHERE kind = 'backup' ORDER BY namespace, pvc_name`
      ).map(([namespace, name]) => ({ namespace: String(namespace), name: String(name) })),
    newestRunAt() {
      const [[at] = []] = values('SELECT max(created_at) FROM runs');
      return typeof at === 'string' ? at : undefined;
    },
    failedChecks() {
      const failed = new Set<string>();
      // Oldest first: the last one counts.
      for (const [backup, status] of values(
        `SELECT details ->> 'backup', status FROM runs
          WHERE kind <> 'backup' AND kind IN ('verify', 'drill') AND status IN ('success', 'failed')
          ORDER BY created_at, id`
      )) {
        if (status === 'failed') failed.add(String(backup));
        else failed.delete(String(backup));
      }
      return failed;
    },
  };
}

/** @returns ids of the backups of a chain. */
function linksIn(chain: unknown): string[] {
  if (chain === null) return [];
  const { links } = JSON.parse(String(chain)) as Chain;
  return links.map(({ runId }) => runId);
}

function textsIn(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}
