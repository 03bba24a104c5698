import type { Backup } from '../../../api/index.ts';
import type { ReadPodLog } from '../../cluster/gateway/podLog.ts';
import type { ClusterInventory } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import type { ClaimId, ClaimWrites } from '../../cluster/writes/claimWrites.ts';
import { StageError } from '../../errors.ts';
import type { Fence } from '../../fence.ts';
import { RUN_LABEL } from '../../helper/names.ts';
import { PUSH_BROKE } from '../../helper/push/received.ts';
import type { History, RunChange, RunRecord } from '../../history/history.ts';
import type { DrillDetails } from '../../history/queries/details.ts';
import { helperHooks } from '../../jobs/helperHooks.ts';
import type { JobEnd, JobKind } from '../../jobs/job.ts';
import { CANCELLED } from '../../jobs/job.ts';
import type { StageClock } from '../../jobs/stageClock.ts';
import { stageClock } from '../../jobs/stageClock.ts';
import { checkArchive } from '../archiveCheck.ts';
import { leftVolume } from '../claim/leftVolume.ts';
import { findMade, makeClaim, unmakeClaim } from '../claim/makeClaim.ts';
import { claimWish } from '../claim/newClaim.ts';
import { checkSameNamespace } from '../claim/sameNamespace.ts';
import { directly, toBeChecked } from '../direct/directly.ts';
import { explain } from '../explain.ts';
import type { IntoClaimWorld } from '../intoClaim.ts';
import { restoreIntoClaim } from '../intoClaim.ts';
import type { SourceWorld } from '../source.ts';
import { bytesOf, findSource, patternsOf } from '../source.ts';
import { verdictOnRestore } from '../verdictOnRestore.ts';
import { compareSent, wholeBody } from '../wholeBody.ts';
import { noDrillWithoutRoot } from './admitDrill.ts';
import { runCheck, userOf } from './checkPod.ts';
import { failedBy } from './verifyJob.ts';

/** The dependencies of a drill. */
export interface DrillWorld extends IntoClaimWorld, Omit<SourceWorld, 'history'> {
  history: Pick<History, 'get' | 'commit'>;
  inventory: Pick<ClusterInventory, 'namespace' | 'storageClasses'>;
  /** Asked before the scratch claim is made. */
  fence: Fence;
  claims: ClaimWrites;
  /** Whether a namespace admits no helper pod that runs as root; absent: none is known to. */
  isRestricted?(namespace: NamespaceFact): boolean;
  readPodLog: ReadPodLog;
  /** Milliseconds between two looks at a pod. */
  lookMs?: number;
  now(): Date;
}

/** Names the kind of a scratch claim, beside the run in `RUN_LABEL`. */
const DRILL_LABELS = {
  'app.kubernetes.io/name': 'nkvm',
  'app.kubernetes.io/component': 'restore-drill',
};

/** @returns the name of the scratch claim of a drill. */
export const scratchName = (runId: string): string => `nkvm-drill-${runId}`;

/** A claim without its helper is gone within a moment. */
const UNMAKE_MS = 60_000;
const SILENCE_MS = 900_000;

interface Attempt {
  run: RunRecord;
  details: DrillDetails;
  world: DrillWorld;
  clock: StageClock;
  signal: AbortSignal;
  show(change: Partial<DrillDetails>, more?: RunChange): void;
  made?: ClaimId | undefined;
  helper?: NonNullable<Backup['helper']>;
  /** Deletions that go on beside the run: why each failed, or undefined. They never reject. */
  closing: Promise<string | undefined>[];
}

/**
 * Restore drills, as the queue sees them: a backup is restored into a scratch claim in its namespace and compared, a command
 * of the caller looks at it, and the claim is deleted, whatever happened. Leftovers of a process that is killed are deleted by the next
 * attempt or the sweep deletes; see `sweepScratch.ts`.
 */
export const drillJob = (world: DrillWorld): JobKind => ({
  access: 'none',
  nodeOf: () => null,

  async work(run, report, signal) {
    const { details } = run;
    if (details?.kind !== 'drill') return failedBy(unreadable());
    const clock = stageClock({
      now: world.now,
      limits: { create: SILENCE_MS, exec: SILENCE_MS, copy: SILENCE_MS, checksum: SILENCE_MS },
      onChange: (stage, stages) => report({ stage, stages }),
    });
    const limit = AbortSignal.timeout(world.runTimeoutMs);
    const attempt: Attempt = {
      ...{ run, world, clock, closing: [] },
      details: { ...details, comparison: null, output: null, scratch: null },
      signal: AbortSignal.any([signal, limit, clock.signal]),
      show(change, more = {}) {
        attempt.details = { ...attempt.details, ...change };
        report({ ...more, details: attempt.details });
      },
    };
    let end: JobEnd;
    try {
      end = await drilled(attempt);
    } catch (error) {
      const stage = clock.current() ?? 'create';
      const because = clock.signal.aborted ? clock.signal.reason : error;
      end =
        signal.aborted && signal.reason === CANCELLED
          ? { status: 'cancelled', stage, message: `cancelled at stage ${stage}` }
          : failedBy(limit.aborted ? timedOut(stage, world) : await explain(because, stage));
    }
    clock.enter('cleanup');
    const left = (await Promise.all(attempt.closing)).filter(text => text !== undefined);
    const stays = await unmade(attempt);
    clock.stop();
    return {
      ...end,
      stage: end.status === 'success' ? 'cleanup' : end.stage,
      warnings: [...(end.warnings ?? []), ...left, ...stays],
      ...(attempt.helper && { helper: attempt.helper }),
      details: attempt.details,
      stages: clock.times(),
      endedAt: world.now().toISOString(),
    };
  },
});

/** @throws whatever ends it */
async function drilled(attempt: Attempt): Promise<JobEnd> {
  const { run, details, world, clock, signal, show } = attempt;
  const { namespace, id: runId } = run;
  clock.enter('create');
  const fact = world.inventory.namespace(namespace);
  if (fact && world.isRestricted?.(fact)) throw noDrillWithoutRoot(namespace, 'create');
  const source = await findSource(details.backup, world, signal);
  show({ totalBytes: bytesOf(source) });
  const check = () => checkArchive(source, { signal, onProgress: () => clock.goesOn() });
  const way = await directly(source, { doubts: world.direct, namespace, isWhole: true, signal });
  let checked = 'reads' in way ? toBeChecked(source) : await check();

  const target = { namespace, name: scratchName(runId) };
  const { storageClass } = details.request;
  const wish = claimWish(
    { ...target, mode: 'new', ...(storageClass !== undefined && { storageClass }) },
    source.manifest
  );
  // None of the labels of the old claim: a policy or a selector would take the scratch claim for one of the application's.
  const labels = { ...DRILL_LABELS, [RUN_LABEL]: runId };
  checkSameNamespace(run, world.inventory.namespace(namespace));
  world.fence.assertHeld();
  const claim = await makeClaim(target, { ...wish, labels, annotations: {} }, runId, world, signal);
  attempt.made = claim;
  show({ scratch: { name: claim.name, uid: claim.uid } });
  await world.history.commit(runId, { details: attempt.details });

  const unpacked = await restoreIntoClaim(
    {
      ...{ runId, attempt: run.attempt, claim, mode: 'new', isSelection: false },
      hasPushBroken: run.reason === PUSH_BROKE,
      body: wholeBody(source, checked),
      ...('reads' in way
        ? {
            direct: {
              archives: way,
              instead: async () => wholeBody(source, (checked = await check())),
            },
          }
        : { notDirect: way.because }),
      patterns: patternsOf(source),
    },
    world,
    { ...hooksOf(attempt), onChecked: digest => (checked = { ...checked, ...digest }) }
  );
  compareSent(source, checked, unpacked.sent);
  const { comparison } = unpacked;
  show({ comparison });
  const warnings = verdictOnRestore({ mode: 'new', isSelection: false, comparison });
  const isChecked = await checkedByCommand(attempt, claim);
  return {
    status: 'success',
    bytes: unpacked.sent.bytes,
    message: `restored into a scratch claim: ${comparison.entries} entries match the archive${
      isChecked ? ', and the check command found no fault' : ''
    }`,
    warnings,
  };
}

/** @returns whether there was a command. @throws StageError (`DrillCheckFailed`) when it found fault. */
async function checkedByCommand(attempt: Attempt, claim: ClaimId): Promise<boolean> {
  const { run, details, world, clock, signal, show } = attempt;
  const { image, command } = details.request;
  if (image === undefined || command === undefined) return false;
  await Promise.all(attempt.closing); // a ReadWriteOncePod volume takes one pod at a time
  const { exitCode, output } = await runCheck(
    {
      ...{ runId: run.id, attempt: run.attempt, installation: world.installation },
      ...{ namespace: run.namespace, claimName: claim.name, image, command },
      ...userOf(world.helperSettings),
      deadlineMs: world.runTimeoutMs,
    },
    { ...world, pods: world.cluster.pods },
    { signal, onWorking: () => clock.goesOn() }
  );
  show({ output });
  if (exitCode === 0) return true;
  throw new StageError(
    'checksum',
    'DrillCheckFailed',
    `the check command ended with exit code ${exitCode}`,
    'read its output; the volume was the same as the archive',
    'needs-action'
  );
}

function hooksOf(attempt: Attempt): Parameters<typeof restoreIntoClaim>[2] {
  const { world, clock, signal, show } = attempt;
  const tell = (helper: NonNullable<Attempt['helper']>): void => {
    attempt.helper = helper;
    show({}, { helper });
  };
  return {
    signal,
    helper: helperHooks({
      ...{ attempt, clock, signal, tell, explain },
      image: world.helperSettings.image,
      say: message => show({}, { message }),
    }),
    onChecking() {
      if (clock.current() !== 'exec') clock.enter('exec');
      clock.goesOn();
    },
    async beforeWrite() {
      if (clock.current() !== 'exec') clock.enter('exec');
    },
    onPhase(phase) {
      if (phase === 'compare' && clock.current() !== 'checksum') clock.enter('checksum');
    },
    onProgress(bytes) {
      if (clock.current() === 'exec') clock.enter('copy');
      clock.goesOn();
      show({}, { bytes });
    },
    onWorking: () => clock.goesOn(),
    onRoute: route => show({}, route),
  };
}

/** Deletes the scratch claim. @returns why it, or its volume, stays, in sentences. */
async function unmade(attempt: Attempt): Promise<string[]> {
  const { run, world } = attempt;
  const target = { namespace: run.namespace, name: scratchName(run.id) };
  // The answer to its creation may have been lost.
  const claim = attempt.made ?? (await findMade(target, run.id, world).catch(() => undefined));
  if (!claim) return [];
  const volume = await leftVolume(claim, world);
  const { made, why } = await unmakeClaim(claim, run.id, world.claims, UNMAKE_MS);
  if (made === 'deleted') {
    attempt.details = { ...attempt.details, scratch: null };
    return volume === undefined ? [] : [volume];
  }
  return [
    `scratch claim ${claim.namespace}/${claim.name} still exists${
      why === undefined ? '' : `: ${why}`
    }; NKVM tries again every five minutes`,
  ];
}

const timedOut = (stage: StageError['stage'], { runTimeoutMs }: DrillWorld): StageError =>
  new StageError(
    stage,
    'RunTimedOut',
    `the drill took longer than ${runTimeoutMs / 1000} s`,
    'give runs more time with NKVM_RUN_TIMEOUT_SECONDS',
    'needs-action'
  );

const unreadable = (): StageError =>
  new StageError(
    'create',
    'DetailsUnreadable',
    'this version of NKVM cannot read the request of this drill',
    'start it again',
    'needs-action'
  );
