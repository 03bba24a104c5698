import type { Backup, Copy } from '../../api/index.ts';
import { needs } from '../archive/chain/chain.ts';
import type { ParsedName } from '../archive/name.ts';
import {
  archiveOfIndex,
  archiveOfSnapshot,
  indexName,
  manifestName,
  parseArchiveName,
  snapshotName,
} from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import type { IsSame } from '../destinations/places/sameStorage.ts';
import { twinThatHas } from '../destinations/places/sameStorage.ts';
import { textOf } from '../errors.ts';
import type { AuditTrail, AuditWhat } from '../history/audit/auditTrail.ts';
import { noTrail, recorded } from '../history/audit/auditTrail.ts';
import type { History } from '../history/history.ts';
import type { Log } from '../log.ts';

/** How long an archive without a manifest is left alone after it got its name. */
export const UNPROVEN_AGE_MS = 3_600_000;

/** Facts about an archive that has no manifest. */
export interface UnprovenFacts {
  key: string;
  name: ParsedName;
  /** Since its bytes or its name last changed. */
  ageMs: number;
  /** The run of that id in our history. */
  run: Pick<Backup, 'status' | 'namespace' | 'name' | 'copies'> | undefined;
  /** Id of the destination that has it. */
  destination: string;
  /** A copy of the backup is under way: to that destination, or to another one that may be the same storage. */
  isBeingCopied: boolean;
}

/**
 * Decides what becomes of an archive without a manifest: such a one does not count as a backup. The manifest is written right
 * after the archive gets its name, so that only a crash or a failure in between leaves one. An index goes with its archive; one
 * whose archive is not there is judged in the same way.
 *
 * | its run in our history | the archive |
 * | --- | --- |
 * | there is none, or it is of another claim | is left: it may belong to another installation |
 * | has not ended, or is being copied | is left for now |
 * | has this archive there, or at a destination that is the same storage, may be, or is not configured any more, or is a success that names no archive at all | is left: its manifest was lost |
 * | has other archives there, or none, failed or was cancelled | is deleted when nothing has changed it for an hour |
 * | has had it deleted: the manifest goes before the archive | is deleted when nothing has changed it for an hour |
 */
export function verdictOnUnproven({
  key,
  name,
  ageMs,
  run,
  destination,
  isBeingCopied,
}: UnprovenFacts): 'delete' | 'wait' | 'leave' {
  if (!run || !isOfClaim(name, run)) return 'leave';
  if (isBeingCopied) return 'wait';
  if (run.copies.some(copy => isStoredAt(copy, destination, key))) return 'leave';
  switch (run.status) {
    case 'queued':
    case 'running':
      return 'wait';
    case 'success':
      if (run.copies.length === 0) return 'leave';
      break;
    case 'failed':
    case 'cancelled':
      break;
  }
  return ageMs >= UNPROVEN_AGE_MS ? 'delete' : 'wait';
}

/** Whether a copy was proven there: its archive is more than an attempt has left. */
const isStoredAt = (copy: Copy, destination: string, key: string): boolean =>
  copy.destination === destination &&
  copy.key === key &&
  copy.state !== 'awaited' &&
  copy.state !== 'failed' &&
  copy.state !== 'deleted';

const isOfClaim = (
  { namespace, pvc, shortened }: ParsedName,
  run: Pick<Backup, 'namespace' | 'name'>
): boolean =>
  namespace === run.namespace &&
  (shortened ? run.name.startsWith(pvc.slice(0, pvc.lastIndexOf('_'))) : pvc === run.name);

export interface UnprovenOptions {
  history: Pick<History, 'get' | 'unfinished'>;
  /** Behind the fence: only the process that may write may delete. */
  destination: Destination;
  /** Absent: no other destination is the same storage. */
  isSame?: IsSame;
  now(): Date;
  /** A file that cannot be recorded is not deleted. */
  audit?: AuditTrail;
  /** That the history is of, for the audit log. */
  clusterName?: string;
  log: Log;
  signal?: AbortSignal;
}

/** How many names a line of the log has. */
const NAMED = 20;

/** @returns what the audit log says of a file that goes. */
function whatOf(archive: string, key: string, destination: string): AuditWhat {
  const { namespace, pvc } = parseArchiveName(archive) ?? {};
  return {
    ...{ action: 'archive.delete-unproven', archive: key, destination },
    claims: namespace && pvc ? [{ namespace, name: pvc, uid: null }] : [],
  };
}

/** @returns the archive that an index or a snapshot file is beside. */
const ownerOf = (key: string): string | undefined => archiveOfIndex(key) ?? archiveOfSnapshot(key);

/**
 * Deletes what `verdictOnUnproven` says, and indexes with their archives. To be called now and then; never throws.
 * @returns the names of deleted archives, and of indexes that had none, and how many were left.
 */
export async function deleteUnproven({
  history,
  destination,
  isSame,
  now,
  audit = noTrail,
  clusterName,
  log,
  signal,
}: UnprovenOptions): Promise<{ deleted: string[]; left: number }> {
  const deleted: string[] = [];
  const left: string[] = [];

  // Asked again each time: a listing takes a while, and a copy may have begun meanwhile.
  // The archives that an increment needs are copied by its run.
  const isCopied = (id: string): boolean =>
    history
      .unfinished()
      .some(
        ({ details }) =>
          details?.kind === 'copy' &&
          (details.backup === id || needs(history.get(details.backup)?.chain ?? null, id))
      );
  const verdictOn = (archive: string, ageMs: number) => {
    const name = parseArchiveName(archive);
    if (!name) return 'wait';
    const run = history.get(name.runId);
    const isBeingCopied = run !== undefined && isCopied(name.runId);
    return verdictOnUnproven({
      ...{ key: archive, name, ageMs, run, isBeingCopied },
      destination: destination.id,
    });
  };
  /** Most archives are those of successes: they need no look at the storage. */
  const wanted = (key: string) => {
    const archive = ownerOf(key) ?? key;
    const name = parseArchiveName(archive);
    const run = name && history.get(name.runId);
    return (
      name !== undefined && !run?.copies.some(copy => isStoredAt(copy, destination.id, archive))
    );
  };

  try {
    for await (const page of destination.list({ wanted, signal })) {
      for (const { key, modifiedAt } of page) {
        const owner = ownerOf(key);
        const archive = owner ?? key;
        const verdict = verdictOn(archive, now().getTime() - modifiedAt.getTime());
        if (verdict === 'wait') continue;
        if (owner && (await destination.stat(owner, { signal }))) continue; // it goes with its archive
        if (await destination.stat(manifestName(archive), { signal })) continue;
        const copies = history.get(parseArchiveName(archive)?.runId ?? '')?.copies ?? [];
        const here = { destination: destination.id, key: archive };
        if (verdict === 'leave' || (await twinThatHas(here, copies, isSame)) !== undefined) {
          left.push(key);
          continue;
        }
        const remove = async (): Promise<void> => {
          if (!owner)
            for (const beside of [snapshotName(archive), indexName(archive)])
              await destination.remove(beside, { signal });
          await destination.remove(key, { signal });
        };
        const what = { ...whatOf(archive, key, destination.id), cluster: clusterName };
        await recorded(audit, what, remove, () => ({
          ...{ result: 'success', detail: 'its run did not succeed' },
        }));
        deleted.push(key);
      }
    }
  } catch (error) {
    if (!signal?.aborted)
      log.warn({}, `archives without a manifest could not all be deleted: ${textOf(error)}`);
  }
  if (deleted.length > 0) {
    log.warn(
      { archives: deleted.slice(0, NAMED), count: deleted.length },
      `${deleted.length} archives of unsuccessful runs had no manifest and were deleted`
    );
  }
  if (left.length > 0) {
    log.warn(
      { archives: left.slice(0, NAMED), count: left.length },
      `${left.length} archives have no manifest, and no unsuccessful run in this history wrote them; they are kept`
    );
  }
  return { deleted, left: left.length };
}
