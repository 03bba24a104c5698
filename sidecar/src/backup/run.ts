import type { Backup, Copy, Stage } from '../../api/index.ts';
import { archiveName, archiveNameIn } from '../archive/name.ts';
import type { Claim } from '../cluster/inventory/inventory.ts';
import { blame } from '../destinations/places/blame.ts';
import { PausedError } from '../destinations/places/health.ts';
import { StageError } from '../errors.ts';
import { DeferredError } from '../helper/deferredError.ts';
import type { PodSeal } from '../helper/seal.ts';
import { podThatWants, volumeWanted, watchWanted } from '../helper/wait/volumeWanted.ts';
import { withHelper } from '../helper/withHelper.ts';
import type { RunChange } from '../history/history.ts';
import { helperHooks } from '../jobs/helperHooks.ts';
import type { JobEnd } from '../jobs/job.ts';
import { CANCELLED } from '../jobs/job.ts';
import { stageLimits } from '../jobs/runStates.ts';
import { stageClock } from '../jobs/stageClock.ts';
import type { Attempt, CopyPlan, RunWorld } from './attempt.ts';
import { explain, retryAfterOf, timedOut, undo } from './breakOff.ts';
import {
  copyWithout,
  isLacking,
  verdictOnCopies,
  warningsOnCopies,
} from './copies/copiesVerdict.ts';
import type { StoredCopies } from './copies/storeCopies.ts';
import { storeCopies } from './copies/storeCopies.ts';
import { isOpen, pauseOf, targetsOf, untilMs } from './copies/targets.ts';
import { pack } from './pack.ts';
import { chooseDestinations } from './request/choice.ts';
import { specOf } from './specOf.ts';
import { warningsOf } from './verdict.ts';

export type { RunWorld } from './attempt.ts';

/**
 * One attempt of a backup, from a claim to proven copies:
 *
 * 1. a helper pod is created and mounts the claim (`withHelper`),
 * 2. it packs the volume, and the archive is stored under a temporary name at each destination (`pack`),
 * 3. what arrived is compared with what the pod sent (`verdict`), and the deletion of the helper begins,
 * 4. each stored copy is proven, and gets its name and then its manifest (`storeCopies`).
 *
 * An archive that could not go to the storage directly, or lacks data because tar took it for holes, is packed once more, by
 * another helper pod and in another way.
 *
 * In every case, no helper pod and no temporary stays, and only a proven archive gets its final name. A destination
 * that fails does not keep the others from their copies: the attempt ends as `Incomplete` then, and is the last one.
 * @param report takes what changes on the way.
 * @param signal ends the attempt; with the reason `CANCELLED` it ends as cancelled.
 * @returns the end of the attempt, `success`, `failed` or `cancelled`. Never throws.
 */
export async function runBackup(
  run: Backup,
  claim: Claim,
  world: RunWorld,
  report: (change: RunChange) => void,
  signal: AbortSignal
): Promise<JobEnd> {
  let way = world;
  const warnings: string[] = [];
  for (;;) {
    const tried = await tryOnce(run, claim, way, report, signal);
    const { end } = tried;
    warnings.push(...(end.warnings ?? []));
    const other = signal.aborted ? undefined : otherWay(run, tried, way);
    if (!other) return { ...end, warnings: [...new Set(warnings)] };
    report({ message: `another way is tried: ${end.message}` });
    way = other;
  }
}

/** @returns a way that has not failed yet; undefined: the attempt has ended. */
function otherWay(
  { uid }: Pick<Backup, 'uid'>,
  { end, isOfDirect }: Tried,
  world: RunWorld
): RunWorld | undefined {
  if (end.status !== 'failed') return undefined;
  if (isOfDirect) return { ...world, notDirect: `${end.message}` };
  const withoutBlocks = world.withoutBlocks ?? new Set();
  if (end.reason !== 'DataWithoutBlocks' || withoutBlocks.has(uid)) return undefined;
  withoutBlocks.add(uid);
  const { chooseBase } = world;
  if (!chooseBase) return { ...world, withoutBlocks };
  return {
    ...world,
    withoutBlocks,
    chooseBase(...asked) {
      const choice = chooseBase(...asked);
      return choice.form === 'increment' ? { form: 'full', why: WHY_FULL } : choice;
    },
  };
}

const WHY_FULL = 'files with data use no block, and archives before may have zeros instead';

interface Tried {
  end: JobEnd;
  /** A direct upload is to blame: then another way may work. */
  isOfDirect: boolean;
}

/** Never throws. */
async function tryOnce(
  run: Backup,
  claim: Claim,
  world: RunWorld,
  report: (change: RunChange) => void,
  signal: AbortSignal
): Promise<Tried> {
  const clock = stageClock({
    now: world.now,
    limits: stageLimits(world),
    onChange: (stage, stages) => report({ stage, stages }),
  });
  const limit = AbortSignal.timeout(world.runTimeoutMs);
  const broken = new AbortController();
  const wanted = new AbortController();
  const attempt: Attempt = {
    ...{ run, claim, world, clock, report },
    signal: AbortSignal.any([signal, limit, clock.signal, broken.signal, wanted.signal]),
    ...{ held: [], closed: [], closing: [], onceGone: [] },
    reads: world.readsAs?.(claim) ?? null,
    because(error) {
      if (isCancelled()) return stopped();
      if (limit.aborted) return timedOut(clock.current() ?? 'create', world.runTimeoutMs);
      if (wanted.signal.aborted) return wanted.signal.reason;
      return clock.signal.aborted ? clock.signal.reason : error;
    },
  };
  const isCancelled = () => signal.aborted && signal.reason === CANCELLED;
  const unwatch = watchWanted(
    () => podForWhich(attempt),
    pod => wanted.abort(volumeWanted(clock.current() ?? 'wait', claim, pod))
  );
  let end: JobEnd;
  try {
    end = await backUp(attempt, isCancelled);
  } catch (error) {
    const stage = clock.current() ?? 'create';
    broken.abort(error);
    const left = await Promise.all(
      attempt.held.map(({ held, destination }) => undo(held, destination))
    );
    // The messages of tar, too: on a failed run, counts tell how much of it was harmless.
    const warnings = [...left.flat(), ...(attempt.sealed ? warningsOf(attempt.sealed) : [])];
    end = isCancelled()
      ? { status: 'cancelled', stage, message: `cancelled at stage ${stage}`, warnings }
      : { ...failedBy(await explain(attempt.because(error), stage), world.now()), warnings };
    end = { ...end, ...costOf(attempt.because(error), attempt), copies: [] };
  } finally {
    unwatch();
  }
  clock.enter('cleanup');
  const left = (await Promise.all(attempt.closing)).filter(text => text !== undefined);
  await Promise.all(attempt.onceGone.map(step => step()));
  clock.stop();
  const all = {
    ...end,
    destinations: attempt.run.destinations,
    stage: end.status === 'success' ? 'cleanup' : end.stage,
    warnings: [...(end.warnings ?? []), ...left],
    tarMessages: attempt.sealed?.messages ?? attempt.unreadable?.messages ?? [],
    warningCount: attempt.unreadable?.count ?? messageCount(attempt.sealed),
    ...(attempt.helper && { helper: attempt.helper }),
    ...attempt.route,
    stages: clock.times(),
    endedAt: world.now().toISOString(),
  };
  return { end: all, isOfDirect: attempt.isOfDirect === true };
}

/** The steps of an attempt. @throws whatever ends it before there is any copy. */
async function backUp(attempt: Attempt, isCancelled: () => boolean): Promise<JobEnd> {
  const { run, claim, world, clock, signal, report } = attempt;
  clock.enter('create');
  const archive = archiveName({
    cluster: world.clusterName,
    namespace: claim.namespace,
    pvc: claim.name,
    at: world.now(),
    runId: run.id,
  });
  const plans = await plansOf(attempt, archive);
  const packed = await withHelper(
    { ...world.cluster, readClaim: world.readClaim },
    {
      namespace: claim.namespace,
      claimUid: run.uid,
      spec: specOf(attempt),
      waitLimits: world.waitLimits,
    },
    {
      signal,
      ...helperHooks({
        ...{ attempt, clock, signal, explain },
        image: world.helperSettings.image,
        tell(helper) {
          attempt.helper = helper;
          report({ helper });
        },
        say: message => report({ message }),
      }),
    },
    async ({ helper, node, claim: object }) => ({
      ...(await pack(attempt, helper, object.annotations, archive, plans)),
      node,
      object,
    })
  );
  clock.enter('publish');
  const stored = await storeCopies(attempt, packed);
  const isAnyPresent = stored.copies.some(({ state }) => state === 'present');
  if (!isAnyPresent) throw stored.errors[0];
  const { own, seal, chain } = packed;
  return { ...own, seal, chain, ...endWith(stored, isCancelled()) };
}

/** @returns where the archive goes. @throws StageError when no destination can be used. */
async function plansOf(attempt: Attempt, archive: string): Promise<CopyPlan[]> {
  const { run, world } = attempt;
  const { places } = world;
  const names =
    run.destinations.length > 0
      ? run.destinations
      : chooseDestinations({ claim: `${run.namespace}/${run.name}` }, places.all());
  attempt.run = { ...run, destinations: names };
  // One alone waits in the queue until there is room.
  const roomOf = (names.length > 1 && world.roomOf) || (async () => undefined);
  const targets = await targetsOf(names, places, roomOf);
  const closed = targets.flatMap(target => (isOpen(target) ? [] : [target]));
  attempt.closed = closed.map(({ problem, ...target }) =>
    copyWithout({ ...target, key: archiveNameIn(archive, formOf(attempt, target.name)) }, problem)
  );
  const open = targets.filter(isOpen);
  const [first] = [...closed].sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
  const pause = pauseOf(targets);
  if (pause) throw pause;
  if (open.length === 0 && first) throw first.problem;
  attempt.cost = world.outageCosts?.begin(
    run.id,
    open.map(({ name }) => name)
  );
  const proofs = world.proofPlans(
    run,
    open.map(({ destination }) => destination)
  );
  return open.map((target, at): CopyPlan => {
    const proof = proofs[at] ?? { by: 'reading', level: 'checksum' };
    const held = {};
    attempt.held.push({ destination: target.destination, held });
    return { target, proof, held, key: archiveNameIn(archive, target.form) };
  });
}

const formOf = ({ world }: Attempt, name: string) =>
  world.places.get(name)?.archiveForm ?? 'tar.gz';

/** While it is waited for and read, the helper has the volume. Later it is being deleted. */
const HAS_VOLUME: ReadonlySet<Stage | undefined> = new Set<Stage>(['wait', 'exec', 'copy']);

/** @returns the pod that cannot start while the helper has the volume. */
function podForWhich({ run, helper, world, clock }: Attempt): string | undefined {
  if (!HAS_VOLUME.has(clock.current())) return undefined;
  const now = world.claimNow?.(run.namespace, run.name);
  return now?.uid === run.uid ? podThatWants(now, helper?.node ?? null)?.name : undefined;
}

/** @returns what of an attempt that failed does not count. */
function costOf(
  error: unknown,
  { cost, world }: Attempt
): Pick<JobEnd, 'waitMs' | 'excuse' | 'deferred'> {
  if (error instanceof DeferredError) return { deferred: { pod: error.pod } };
  if (error instanceof PausedError) return { waitMs: untilMs(error, world.now()) };
  const isOutage = blame({ error }) === 'outage';
  const excuse = isOutage ? cost?.excuse() : undefined;
  return excuse === undefined ? {} : { excuse };
}

/** @returns the end of a run that has at least one copy. */
function endWith({ copies, warnings }: StoredCopies, isCancelled: boolean): JobEnd {
  const all = [...warnings, ...warningsOnCopies(copies)];
  const more = all.length > 1 ? 's' : '';
  const done = all.length ? `backed up with ${all.length} warning${more}` : 'backed up';
  const end = { ...verdictOnCopies(copies, done), copies, warnings: all };
  if (end.status === 'success') return end;
  if (isCancelled) return cancelledWith(copies, all);
  return { ...end, isLast: true };
}

/** An archive that was proven before a person cancelled the run is a good backup, and is kept. */
const cancelledWith = (copies: Copy[], warnings: string[]): JobEnd => ({
  status: 'cancelled',
  stage: 'publish',
  message: `cancelled at stage publish; the archive is proven at ${copies
    .filter(copy => !isLacking(copy))
    .map(({ destination }) => destination)
    .join(', ')} and is kept`,
  copies,
  warnings,
});

const stopped = (): StageError =>
  new StageError(
    'copy',
    'CopyStopped',
    'the backup was cancelled before this copy was proven',
    'copy the backup there if you need it there',
    'needs-action'
  );

function failedBy(error: StageError, now: Date): JobEnd {
  const { stage, reason, message, hint, class: failureClass } = error;
  const retryAfterMs = retryAfterOf(error, now);
  return {
    status: 'failed',
    ...{ stage, reason, message, hint, failureClass },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** @returns how many messages tar had; the record keeps a few of them. */
const messageCount = (sealed: PodSeal | undefined): number =>
  Object.values(sealed?.tar ?? {}).reduce((sum, count) => sum + count, 0);
