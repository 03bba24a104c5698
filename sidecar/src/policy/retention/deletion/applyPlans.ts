import type { RetentionPlan } from '../../../../api/index.ts';
import { manifestName } from '../../../archive/name.ts';
import { chainProblem } from '../../../backup/catalog/chainProblem.ts';
import { provenArchiveAt } from '../../../backup/provenArchive.ts';
import type { Archives } from '../../../browse/archives.ts';
import type { Destination } from '../../../destinations/destination.ts';
import { StageError, textOf } from '../../../errors.ts';
import type { AuditTrail } from '../../../history/audit/auditTrail.ts';
import { noTrail, recorded } from '../../../history/audit/auditTrail.ts';
import type { History } from '../../../history/history.ts';
import { changeCopies } from '../../../history/queries/changeCopies.ts';
import type { Log } from '../../../log.ts';
import type { Line } from '../lines.ts';
import type { Deleted, DeletionWorld, Victim } from './deleteArchive.ts';
import { deleteArchive, finishDeletion } from './deleteArchive.ts';
import { isNearlyAllNew, NEARLY_ALL_NEW } from './newData.ts';

/** A destination at which archives go. */
export interface DeletionPlace {
  destination: Destination;
  /** Runs whose deletion broke off. */
  undeleted: readonly string[];
  /** No more archives than this go, whatever the plans are by now. */
  most: number;
}

export type ApplyWorld = Omit<DeletionWorld, 'history'> & {
  history: Pick<History, 'get' | 'commit' | 'unfinished'>;
  archives: Pick<Archives, 'ref' | 'openQuickly' | 'forget'>;
  floor: number;
  /** @returns whether the last check of a backup has failed. */
  isBad(backup: string): boolean;
  /** @returns the plans of a claim at this destination, as they are now. */
  plansOf(claim: ClaimName): { line: Line; plan: RetentionPlan }[];
  /** By volume, the newest run whose data was compared with the backup before. */
  compared: Map<string, string>;
  /** An archive that cannot be recorded is not deleted. */
  audit?: AuditTrail;
  /** Of the claims, in the audit log. */
  clusterName?: string;
  /** An archive is gone. */
  onDeleted(): void;
  log: Pick<Log, 'info' | 'warn'>;
};

type ClaimName = { namespace: string; name: string };

/** Comparisons of one volume in one round: after a pause there may be many new backups. */
const MOST_COMPARISONS = 4;

/** The round ends at this destination. */
class PlaceStopped extends Error {}

/**
 * Deletes the archives that the plans let go at one destination, claim by claim. Each plan is renewed just before, and each
 * archive is checked again. Never rejects.
 * @returns why the destination refuses to delete; null: it does not
 */
export async function applyPlans(
  place: DeletionPlace,
  claims: readonly ClaimName[],
  world: ApplyWorld
): Promise<string | null> {
  const { destination, most } = place;
  const { log, signal } = world;
  let deleted = 0;
  let refusal: string | null = null;

  const attempt = async (run: string, work: () => Promise<unknown>): Promise<boolean> => {
    signal.throwIfAborted();
    try {
      return (await work()) === 'deleted';
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StageError && error.reason === 'DeletionRefused')
        refusal = error.message;
      log.warn(
        { destination: destination.id, run },
        `retention left an archive of backup ${run} at ${destination.id}: ${textOf(error)}`
      );
      if (refusal !== null || (error instanceof StageError && error.class === 'transient'))
        throw new PlaceStopped();
      return false;
    }
  };

  /** A volume that cannot be looked at does not keep the others from their turns. */
  const asked = async (line: Line, look: () => Promise<boolean>): Promise<boolean> => {
    try {
      return await look();
    } catch (error) {
      signal.throwIfAborted();
      log.warn(
        { destination: destination.id },
        `retention deletes nothing of ${line.namespace}/${line.name} at ${destination.id}: ${textOf(
          error
        )}`
      );
      if (error instanceof StageError && error.class === 'transient') throw new PlaceStopped();
      return false;
    }
  };

  try {
    for (const run of place.undeleted)
      await attempt(run, () => finishDeletion(run, destination, world));
    for (const claim of claims) {
      for (const { line, plan } of world.plansOf(claim)) {
        if (plan.hold || plan.removed === 0) continue;
        if (!(await asked(line, () => mayApply(line, plan, destination, world)))) continue;
        for (const { backup, keep } of plan.archives) {
          const archive = line.archives.find(
            one => one.run === backup && one.destination === destination.id
          );
          if (keep || !archive || deleted >= most) continue;
          const victim = { ...archive, keep: plan.keep };
          const isDeleted = await attempt(backup, () =>
            recordedDeletion(victim, line, destination, world)
          );
          if (!isDeleted) continue;
          deleted += 1;
          world.onDeleted();
          world.archives.forget(archive.key);
        }
      }
    }
  } catch (error) {
    if (!signal.aborted && !(error instanceof PlaceStopped))
      log.warn(
        { destination: destination.id },
        `retention stopped at ${destination.id}: ${textOf(error)}`
      );
  }
  if (deleted > 0)
    log.info(
      { destination: destination.id, deleted },
      `retention deleted ${deleted} archives at ${destination.id}`
    );
  return refusal;
}

/** Deletes an archive with an entry of the audit log before it, and one with the result. @throws StageError */
async function recordedDeletion(
  victim: Victim,
  { namespace, name }: Line,
  destination: Destination,
  world: ApplyWorld
): Promise<Deleted> {
  const { audit = noTrail, clusterName, history } = world;
  const uid = history.get(victim.run)?.uid ?? null;
  const what = {
    ...{ action: 'archive.delete', claims: [{ namespace, name, uid }], backup: victim.run },
    ...{ archive: victim.key, destination: destination.id },
    ...(clusterName !== undefined && { cluster: clusterName }),
  };
  return await recorded(
    audit,
    what,
    () => deleteArchive(victim, destination, world),
    deleted =>
      deleted === 'deleted'
        ? { result: 'success', detail: `retention: no rule of ${victim.keep} keeps it` }
        : { result: 'cancelled', detail: `retention left it: it was ${deleted} meanwhile` }
  );
}

/**
 * Looks at what stays before anything goes: whether the newest good archives are really there, with their manifests and all that they
 * need, and whether nearly all data of a new backup is new.
 * @throws Error when a manifest does not fit, or the destination does not answer
 */
async function mayApply(
  line: Line,
  plan: RetentionPlan,
  destination: Destination,
  world: ApplyWorld
): Promise<boolean> {
  const { history, log, floor, signal } = world;
  const who = `${line.namespace}/${line.name}`;
  const staying = plan.archives
    .filter(({ keep, backup }) => keep && !world.isBad(backup))
    .slice(0, Math.max(1, floor));
  const needed = new Set(
    staying.flatMap(({ backup }) => [
      backup,
      ...(line.archives.find(({ run }) => run === backup)?.needs ?? []),
    ])
  );
  for (const backup of needed) {
    const copy = history.get(backup)?.copies.find(({ destination: id }) => id === destination.id);
    const stored = copy && (await destination.stat(copy.key, { signal }));
    if (stored && (stored.bytes === copy.bytes || stored.bytes === copy.stored?.bytes)) continue;
    log.warn(
      { destination: destination.id, run: backup },
      `retention deletes nothing of ${who} at ${destination.id}: backup ${backup}, which stays or is needed, is not there as it was stored`
    );
    return false;
  }
  for (const { backup } of staying) {
    const { copies = [], chain = null } = history.get(backup) ?? {};
    const copy = copies.find(({ destination: id }) => id === destination.id);
    if (copy) await provenArchiveAt(manifestName(copy.key), destination, signal);
    const problem = copy && (await chainProblem(copy, chain, destination, signal));
    if (problem === null) continue;
    log.warn(
      { destination: destination.id, run: backup },
      `retention deletes nothing of ${who} at ${
        destination.id
      }: backup ${backup}, which stays, may not be restored: ${
        problem?.message ?? 'whether the archives that it needs belong to it is not known'
      }`
    );
    return false;
  }
  return !(await hasNewData(line, destination, world));
}

/** Compares backups that were not compared yet. A finding is recorded with the run, so that it outlives this process. */
async function hasNewData(
  line: Line,
  destination: Destination,
  world: ApplyWorld
): Promise<boolean> {
  const { archives, compared, history, log, signal } = world;
  const name = `${line.namespace}/${line.name} ${line.liveUid ?? ''} ${destination.id}`;
  const newest = line.archives.filter(one => one.destination === destination.id).reverse();
  const last = compared.get(name) ?? '';
  for (let at = 0; at < Math.min(MOST_COMPARISONS, newest.length - 1); at++) {
    const one = newest[at];
    if (!one || one.run <= last) break;
    if (line.acceptChange !== null && one.run <= line.acceptChange) break;
    if (!(await isNearlyAllNew(newest.slice(at, at + 3), archives, signal))) continue;
    await changeCopies(history, one.run, ({ warnings }) =>
      warnings.includes(NEARLY_ALL_NEW) ? undefined : { warnings: [...warnings, NEARLY_ALL_NEW] }
    );
    log.warn({ run: one.run }, `backup ${one.run}: ${NEARLY_ALL_NEW}`);
    return true;
  }
  if (newest[0]) compared.set(name, newest[0].run);
  return false;
}
