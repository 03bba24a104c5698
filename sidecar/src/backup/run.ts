import { pipeline } from 'node:stream';
import type { Backup } from '../../api/index.ts';
import { hashAndCount } from '../archive/digest.ts';
import { MANIFEST_VERSION, writeManifest } from '../archive/manifest.ts';
import { archiveName, manifestName } from '../archive/name.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import { restoreCommand } from '../archive/restoreCommand.ts';
import type { ReadClaim } from '../cluster/claims.ts';
import type { Claim } from '../cluster/inventory.ts';
import type { Destination } from '../destinations/destination.ts';
import { StageError, textOf } from '../errors.ts';
import type { HelperCluster } from '../helper/helper.ts';
import { createHelper } from '../helper/helper.ts';
import { placementOf } from '../helper/placement.ts';
import type { RunChange } from '../history/history.ts';
import { CANCELLED } from '../jobs/job.ts';
import { stageLimits } from '../jobs/runStates.ts';
import type { StageClock } from '../jobs/stageClock.ts';
import { stageClock, within } from '../jobs/stageClock.ts';
import type { Held } from './breakOff.ts';
import { claimGone, explain, lateHelper, timedOut, undo } from './breakOff.ts';
import { proveStored } from './proof.ts';
import { verdict } from './verdict.ts';

/** What a run needs of the world. */
export interface RunWorld {
  cluster: HelperCluster;
  readClaim: ReadClaim;
  destination: Destination;
  clusterName: string;
  /** Tells this installation's helpers from those of another one. */
  installation: string;
  image: string;
  memoryLimit: string;
  podTimeoutMs: number;
  runTimeoutMs: number;
  verifyLevel: VerifyLevel;
  /** Version of NKVM, for the manifest. */
  version: string;
  now(): Date;
  /** @returns what `verdict` must know of the claim's backup before; see `entriesBefore`. */
  entriesBefore(run: Backup): number | undefined;
}

/**
 * One backup, from a claim to a proven archive.
 *
 * Whatever happens, no helper pod and no temporary stays, and nothing lies under a final name that is not proven.
 * @param report is told what changes on the way.
 * @param signal ends the run; with the reason `CANCELLED` it ends as cancelled.
 * @returns the run's end, `success`, `failed` or `cancelled`. Never throws.
 */
export async function runBackup(
  run: Backup,
  claim: Claim,
  world: RunWorld,
  report: (change: RunChange) => void,
  signal: AbortSignal
): Promise<RunChange> {
  const clock = stageClock({
    now: world.now,
    limits: stageLimits(world),
    onChange: (stage, stages) => report({ stage, stages }),
  });
  const limit = AbortSignal.timeout(world.runTimeoutMs);
  const ends = AbortSignal.any([signal, limit, clock.signal]);
  const held: Held = {};
  let helper: Backup['helper'] | undefined;
  const reportHelper = (change: RunChange): void => {
    helper = change.helper ?? helper;
    report(change);
  };
  let end: RunChange;
  try {
    end = await attempt(run, claim, world, reportHelper, clock, ends, held);
  } catch (error) {
    const failedAt = clock.current() ?? 'create';
    const left = await undo(held, world.destination);
    if (signal.aborted && signal.reason === CANCELLED) {
      end = {
        status: 'cancelled',
        stage: failedAt,
        message: `cancelled at stage ${failedAt}`,
        warnings: left,
      };
    } else {
      const cause = limit.aborted
        ? timedOut(failedAt, world.runTimeoutMs)
        : await explain(clock.signal.aborted ? clock.signal.reason : error, failedAt, held);
      end = {
        status: 'failed',
        stage: cause.stage,
        message: cause.message,
        reason: cause.reason,
        hint: cause.hint,
        failureClass: cause.class,
        warnings: left,
      };
      const lastWords = await held.helper?.lastWords();
      if (helper && lastWords !== undefined) end.helper = { ...helper, lastWords };
    }
    end.copies = [];
  }
  clock.enter('cleanup');
  try {
    const helper = held.helper ?? (await lateHelper(held));
    await helper?.close();
  } catch (error) {
    end.warnings = [...(end.warnings ?? []), textOf(error)];
  }
  clock.stop();
  return {
    ...end,
    stage: end.status === 'success' ? 'cleanup' : end.stage,
    stages: clock.times(),
    endedAt: world.now().toISOString(),
  };
}

async function attempt(
  run: Backup,
  claim: Claim,
  world: RunWorld,
  report: (change: RunChange) => void,
  clock: StageClock,
  signal: AbortSignal,
  held: Held
): Promise<RunChange> {
  const { destination, cluster } = world;
  clock.enter('create');
  signal.throwIfAborted();
  const placement = placementOf(claim);
  if ('refuse' in placement) {
    const { reason, message, hint } = placement.refuse;
    throw new StageError('create', reason, message, hint, 'needs-action');
  }
  const object = await within(signal, world.readClaim(claim.namespace, claim.name));
  if (object?.uid !== run.uid) throw claimGone(run, object !== undefined);
  const creating = createHelper(cluster, claim.namespace, {
    runId: run.id,
    installation: world.installation,
    claimName: claim.name,
    image: world.image,
    memoryLimit: world.memoryLimit,
    node: placement.node,
    deadlineMs: world.runTimeoutMs,
  });
  held.creating = creating;
  const helper = await within(signal, creating);
  held.helper = helper;
  report({ helper: { pod: helper.pod, node: placement.node, image: world.image } });

  clock.enter('wait');
  const node = await helper.ready(world.podTimeoutMs, signal);
  report({ helper: { pod: helper.pod, node, image: world.image } });

  clock.enter('exec');
  const stream = await within(signal, helper.pack(world.verifyLevel), late => late.body.destroy());
  stream.exit.catch(() => undefined); // asked for below, when the body has ended
  const key = archiveName({
    cluster: world.clusterName,
    namespace: claim.namespace,
    pvc: claim.name,
    at: world.now(),
    runId: run.id,
  });
  const counter = hashAndCount(bytes => {
    if (clock.current() === 'exec') clock.enter('copy');
    clock.goesOn();
    report({ bytes });
  });
  const body = pipeline(stream.body, counter, () => undefined);
  held.staged = await destination.stage(key, body, { signal });

  clock.enter('checksum');
  const own = counter.digest();
  const podExit = await within(signal, stream.exit);
  const sealed = podExit === 0 ? await within(signal, helper.seal()) : undefined;
  const tarMessages = sealed?.messages ?? [];
  const { seal, warnings } = verdict({
    podExit,
    stderr: stream.stderrTail(),
    sealed,
    own,
    entriesBefore: world.entriesBefore(run),
  });

  // Under the stage whose limit fits reading all of the archive back.
  clock.enter('publish');
  const stored = await held.staged.readBack({ signal });
  await proveStored(destination.locate(key), stored, own, seal, world.verifyLevel, signal);
  const provenAt = world.now().toISOString();
  signal.throwIfAborted();
  await held.staged.publish({ signal });
  held.unlisted = key;
  const manifest = writeManifest({
    formatVersion: MANIFEST_VERSION,
    archive: key,
    runId: run.id,
    cluster: world.clusterName,
    namespace: run.namespace,
    pvc: run.name,
    pvcUid: run.uid,
    claim: { labels: object.labels, annotations: object.annotations, spec: object.spec },
    owner: claim.owner,
    node,
    createdAt: run.createdAt,
    requestedBy: run.requestedBy,
    ...own,
    seal,
    warnings,
    tarMessages,
    nkvmVersion: world.version,
    restoreCommand: restoreCommand(key),
  });
  await destination.put(manifestName(key), manifest);
  held.unlisted = undefined;
  return {
    status: 'success',
    ...own,
    copies: [
      {
        destination: destination.id,
        key: key,
        state: 'present',
        bytes: own.bytes,
        sha256: own.sha256,
        provenAt: provenAt,
        proof: { level: world.verifyLevel, readFrom: stored.readFrom() },
        verifiedAt: null,
      },
    ],
    seal,
    warnings,
    tarMessages,
    warningCount: tarMessages.length,
    message: warnings.length
      ? `backed up with ${warnings.length} warning${warnings.length > 1 ? 's' : ''}`
      : 'backed up',
  };
}
