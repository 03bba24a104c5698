import { pipeline } from 'node:stream';
import type { Backup, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import { archiveName } from '../archive/name.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import type { ReadClaim } from '../cluster/claims.ts';
import type { Claim } from '../cluster/inventory.ts';
import type { Lane } from '../cluster/lane.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import { StageError, textOf } from '../errors.ts';
import type { Helper, HelperCluster } from '../helper/helper.ts';
import type { HelperSpec } from '../helper/manifest.ts';
import { placementOf } from '../helper/placement.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { Transport } from '../helper/transport.ts';
import { execTransport } from '../helper/transport.ts';
import type { HelperUse } from '../helper/withHelper.ts';
import { withHelper } from '../helper/withHelper.ts';
import type { RunChange } from '../history/history.ts';
import type { Identity } from '../identity.ts';
import type { JobEnd } from '../jobs/job.ts';
import { CANCELLED } from '../jobs/job.ts';
import { stageLimits } from '../jobs/runStates.ts';
import type { StageClock } from '../jobs/stageClock.ts';
import { stageClock } from '../jobs/stageClock.ts';
import { within } from '../within.ts';
import type { Held } from './breakOff.ts';
import { explain, retryAfterOf, timedOut, undo } from './breakOff.ts';
import { manifestText } from './manifestText.ts';
import { proveAndPublish } from './proveAndPublish.ts';
import type { StagedIndex } from './receiveIndex.ts';
import { receiveIndex } from './receiveIndex.ts';
import { verdict } from './verdict.ts';

/** What a run needs of the world. */
export interface RunWorld {
  cluster: HelperCluster;
  readClaim: ReadClaim;
  destination: Destination;
  /** By default through the API server. */
  transport?: Transport;
  clusterName: string;
  identity: Identity;
  image: string;
  memoryLimit: string;
  podTimeoutMs: number;
  runTimeoutMs: number;
  /** Version of NKVM, for the manifest. */
  version: string;
  now(): Date;
  /** @returns what `verdict` must know of the claim's backup before; see `entriesBefore`. */
  entriesBefore(run: Backup): number | undefined;
  /** Where proofs that unpack wait for each other. */
  unpacking: Lane;
  /** @returns how the archive is proven; see `proofLevel`. */
  proofLevel(run: Backup): VerifyLevel;
}

/** One attempt under way: its run, and what is known so far. */
interface Attempt {
  run: Backup;
  claim: Claim;
  world: RunWorld;
  clock: StageClock;
  /** Ends the attempt, for whatever reason. */
  signal: AbortSignal;
  report(change: RunChange): void;
  held: Held;
  /** Deletions that go on beside the run: why each failed, or undefined. They never reject. */
  closing: Promise<string | undefined>[];
  helper?: NonNullable<Backup['helper']>;
  sealed?: PodSeal | undefined;
}

/**
 * One attempt of a backup, from a claim to a proven archive:
 *
 * 1. a helper pod is created and mounts the claim (`withHelper`),
 * 2. it packs the volume, and the archive is stored under a temporary name (`receive`),
 * 3. what arrived is compared with what the pod sent (`verdict`), and the deletion of the helper begins,
 * 4. the stored copy is read back, and gets its name and then its manifest (`proveAndPublish`).
 *
 * Whatever happens, no helper pod and no temporary stays, and nothing has a final name that is not proven.
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
  const clock = stageClock({
    now: world.now,
    limits: stageLimits(world),
    onChange: (stage, stages) => report({ stage, stages }),
  });
  const limit = AbortSignal.timeout(world.runTimeoutMs);
  const ends = AbortSignal.any([signal, limit, clock.signal]);
  const attempt: Attempt = {
    ...{ run, claim, world, clock, report },
    ...{ signal: ends, held: {}, closing: [] },
  };
  let end: JobEnd;
  try {
    end = await backUp(attempt);
  } catch (error) {
    const stage = clock.current() ?? 'create';
    const warnings = await undo(attempt.held, world.destination);
    if (signal.aborted && signal.reason === CANCELLED) {
      end = { status: 'cancelled', stage, message: `cancelled at stage ${stage}`, warnings };
    } else {
      const ended = clock.signal.aborted ? clock.signal.reason : error;
      const why = limit.aborted ? timedOut(stage, world.runTimeoutMs) : await explain(ended, stage);
      end = { ...failedBy(why), warnings };
    }
    end = { ...end, copies: [] };
  }
  clock.enter('cleanup');
  const left = (await Promise.all(attempt.closing)).filter(text => text !== undefined);
  clock.stop();
  return {
    ...end,
    stage: end.status === 'success' ? 'cleanup' : end.stage,
    warnings: [...(end.warnings ?? []), ...left],
    tarMessages: attempt.sealed?.messages ?? [],
    warningCount: messageCount(attempt.sealed),
    ...(attempt.helper && { helper: attempt.helper }),
    stages: clock.times(),
    endedAt: world.now().toISOString(),
  };
}

/** The steps of an attempt. @throws whatever ends it. */
async function backUp(attempt: Attempt): Promise<JobEnd> {
  const { run, claim, world, clock, held, signal } = attempt;
  const { destination, now, unpacking } = world;
  clock.enter('create');
  const level = world.proofLevel(run);
  const packed = await withHelper(
    { ...world.cluster, readClaim: world.readClaim },
    {
      namespace: claim.namespace,
      claimUid: run.uid,
      spec: specOf(attempt),
      podTimeoutMs: world.podTimeoutMs,
    },
    helperUse(attempt),
    async ({ helper, node, claim: object }) => {
      const received = await receive(attempt, helper, level);
      return { ...received, node, object };
    }
  );
  clock.enter('publish');
  const { copy, warnings } = await proveAndPublish(
    { ...packed, destination },
    {
      level,
      manifest: published => manifestText(run, claim, world, { ...packed, ...published }),
      signal,
      now,
      held,
      unpacking,
    }
  );
  const { own, seal } = packed;
  const more = warnings.length > 1 ? 's' : '';
  return {
    status: 'success',
    ...own,
    copies: [copy],
    seal,
    warnings,
    message: warnings.length ? `backed up with ${warnings.length} warning${more}` : 'backed up',
  };
}

/** @throws StageError when no helper can have the volume. */
function specOf({ run, claim, world }: Attempt): HelperSpec {
  const placement = placementOf(claim);
  if ('refuse' in placement) {
    const { reason, message, hint } = placement.refuse;
    throw new StageError('create', reason, message, hint, 'needs-action');
  }
  return {
    runId: run.id,
    attempt: run.attempt,
    installation: world.identity.installation,
    claimName: claim.name,
    access: 'read',
    image: world.image,
    memoryLimit: world.memoryLimit,
    node: placement.node,
    deadlineMs: world.runTimeoutMs,
  };
}

/** What the record tells of the helper, and how its end is explained. */
function helperUse(attempt: Attempt): HelperUse {
  const { clock, signal, world, report, closing } = attempt;
  const tell = (helper: NonNullable<Backup['helper']>): void => {
    attempt.helper = helper;
    report({ helper });
  };
  return {
    signal,
    onCreated({ pod }, node) {
      tell({ pod, node, image: world.image });
      clock.enter('wait');
    },
    onReady: ({ pod }, node) => tell({ pod, node, image: world.image }),
    async explain(error, helper) {
      if (signal.aborted && !(signal.reason instanceof Error)) return error; // cancelled: nothing to explain
      const why = signal.aborted ? error : await explain(error, clock.current() ?? 'wait', helper);
      const lastWords = await helper.lastOutput();
      if (attempt.helper && lastWords !== undefined) tell({ ...attempt.helper, lastWords });
      return why;
    },
    closing: gone => closing.push(gone.then(() => undefined, textOf)),
  };
}

/** An archive that is stored under a temporary name, and that the pod agrees on. */
interface Packed {
  key: string;
  staged: Staged;
  /** What arrived. */
  own: Digest;
  seal: Seal;
  sealed: PodSeal;
  /** Missing where there is none; a warning says why. */
  index: StagedIndex | undefined;
  warnings: string[];
}

/** Lets the helper pack the volume, and stores what it sends. @throws when anything differs; see `verdict`. */
async function receive(attempt: Attempt, helper: Helper, level: VerifyLevel): Promise<Packed> {
  const { run, claim, world, clock, held, signal, report } = attempt;
  const { transport = execTransport, destination } = world;
  const key = archiveName({
    cluster: world.clusterName,
    namespace: claim.namespace,
    pvc: claim.name,
    at: world.now(),
    runId: run.id,
  });
  clock.enter('exec');
  const onWorking = (): void => clock.goesOn();
  const delivering = transport.deliver(helper, { level, archive: key, onWorking });
  const delivery = await within(signal, delivering, late => late.body.destroy());
  const counter = hashAndCount(bytes => {
    if (clock.current() === 'exec') clock.enter('copy');
    clock.goesOn();
    report({ bytes });
  });
  const body = pipeline(delivery.body, counter, () => undefined);
  const staged = await destination.stage(key, body, { signal });
  held.staged = staged;

  clock.enter('checksum');
  const own = counter.digest();
  const sent = await within(signal, delivery.sent());
  attempt.sealed = sent.sealed;
  const { seal, sealed, warnings } = verdict({
    ...sent,
    own,
    entriesBefore: world.entriesBefore(run),
  });
  const { index, warnings: more } = await receiveIndex({
    archive: key,
    ...{ sealed, delivery, destination, signal, onBytes: onWorking },
  });
  held.index = index?.staged;
  return { key, staged, own, seal, sealed, index, warnings: [...warnings, ...more] };
}

function failedBy(error: StageError): JobEnd {
  const { stage, reason, message, hint, class: failureClass } = error;
  const retryAfterMs = retryAfterOf(error);
  return {
    status: 'failed',
    ...{ stage, reason, message, hint, failureClass },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** @returns how many messages tar had; the record keeps a few of them. */
const messageCount = (sealed: PodSeal | undefined): number =>
  Object.values(sealed?.tar ?? {}).reduce((sum, count) => sum + count, 0);
