import { archiveNameIn, parseArchiveName } from '../archive/name.ts';
import type { ClaimId } from '../cluster/writes/claimWrites.ts';
import { StageError, textOf } from '../errors.ts';
import type { DirectArchives } from '../helper/direct/unpackDirect.ts';
import { PUSH_BROKE } from '../helper/push/received.ts';
import type { Unpacked } from '../helper/unpack/unpackOutcome.ts';
import { writerNode } from '../helper/wait/helperNode.ts';
import { writerPlacementOf } from '../helper/wait/placement.ts';
import { claimGone } from '../helper/withHelper.ts';
import { helperHooks } from '../jobs/helperHooks.ts';
import type { CheckedArchive } from './archiveCheck.ts';
import { checkArchive } from './archiveCheck.ts';
import type { RestoreAttempt } from './attempt.ts';
import { isNewClaim, makesOwnClaim } from './attempt.ts';
import { makeClaim } from './claim/makeClaim.ts';
import { claimWish } from './claim/newClaim.ts';
import { checkSameNamespace } from './claim/sameNamespace.ts';
import type { Users } from './claim/users.ts';
import { directly, toBeChecked } from './direct/directly.ts';
import { explain } from './explain.ts';
import { fillingAnnotations } from './handOver/filling.ts';
import type { RestoreBody } from './intoClaim.ts';
import { restoreIntoClaim } from './intoClaim.ts';
import { sizeText } from './plan/planSpace.ts';
import type { Scaled } from './scale/scaler.ts';
import type { RestoreSource } from './source.ts';
import { bytesOf, findSource, patternsOf } from './source.ts';
import { compareSent, wholeBody } from './wholeBody.ts';

/** An archive that was read and is what it should be, or that its helper pod is going to read. */
export interface ReadySource {
  source: RestoreSource;
  checked: CheckedArchive;
  body: RestoreBody;
  /** The helper pod reads and compares it. */
  direct?: DirectArchives;
  /** See `IntoClaim`. */
  notDirect?: string | undefined;
}

/**
 * Reads the whole archive, and finds the entries that are asked for. Where a copy of a backup is not what it should be, or
 * cannot be read, the next one is read: nothing has been written yet. An archive that the helper pod can read by itself is read
 * there.
 * @param mayBeDirect false: it is read here
 * @throws StageError
 */
export async function readSource(
  attempt: RestoreAttempt,
  mayBeDirect = true
): Promise<ReadySource> {
  const { world, signal, steps, details } = attempt;
  if (mayBeDirect) steps.begin('check-archive');
  const useless = new Set<string>();
  let first: unknown;
  for (;;) {
    const source = await findSource(details.backup, world, signal, useless).catch(error => {
      throw first ?? error;
    });
    try {
      return await readFrom(attempt, source, mayBeDirect);
    } catch (error) {
      signal.throwIfAborted();
      first ??= error;
      const hasOthers = source.run?.copies.some(
        ({ state, destination }) =>
          state === 'present' && destination !== source.destination.id && !useless.has(destination)
      );
      if (!hasOthers || details.backup !== source.run?.id) throw first;
      useless.add(source.destination.id);
      attempt.warnings.push(`the copy at ${source.destination.id} was not used: ${textOf(error)}`);
    }
  }
}

async function readFrom(
  attempt: RestoreAttempt,
  source: RestoreSource,
  mayBeDirect: boolean
): Promise<ReadySource> {
  const { world, clock, steps, signal, details, show } = attempt;
  if (!isSameArchive(source.key, details.archive)) {
    throw new StageError(
      'create',
      'ArchiveMissing',
      `the chosen archive ${details.archive} no longer exists`,
      'start the restore again',
      'needs-action'
    );
  }
  show({ archive: source.key, destination: source.destination.id });
  const isWhole = details.paths === null;
  const { namespace } = details.target;
  const way = mayBeDirect
    ? await directly(source, { doubts: world.direct, namespace, isWhole, signal })
    : { because: undefined };
  if ('reads' in way) {
    const checked = toBeChecked(source);
    steps.done(`${sizeText(checked.bytes)} are compared in the helper pod before it writes`);
    return { source, checked, body: await bodyOf(attempt, source, checked), direct: way };
  }
  const checked = await checkArchive(source, {
    signal,
    onProgress(bytes) {
      clock.goesOn();
      steps.say(`${percentOf(bytes, source)} read`);
    },
  });
  const body = await bodyOf(attempt, source, checked);
  steps.done(
    checked.isCompared
      ? `${sizeText(checked.bytes)} read: the digest is correct`
      : `${sizeText(checked.bytes)} read: a complete .tar.gz; its expected digest is not known`
  );
  return { source, checked, body, notDirect: way.because };
}

const percentOf = (bytes: number, source: RestoreSource): string =>
  `${Math.floor((bytes / Math.max(1, bytesOf(source))) * 100)} %`;

/** The copies of a backup have one name, which ends with the form that its destination wants. */
const isSameArchive = (one: string, other: string): boolean =>
  one === other ||
  (parseArchiveName(one) !== undefined &&
    parseArchiveName(other) !== undefined &&
    archiveNameIn(one, 'tar.gz') === archiveNameIn(other, 'tar.gz'));

async function bodyOf(
  { world, signal, details, show }: RestoreAttempt,
  source: RestoreSource,
  checked: CheckedArchive
): Promise<RestoreBody> {
  if (details.paths) {
    const selected = await world.selectEntries(source, details.paths, signal);
    show({ totalBytes: selected.rawBytes });
    return {
      encoding: 'tar',
      expected: { files: selected.entries },
      neededBytes: selected.bytes,
      open: selected.open,
    };
  }
  show({ totalBytes: checked.bytes });
  return wholeBody(source, checked);
}

/** Stops the workloads that use the claim. @throws StageError when they cannot be stopped. */
export async function stopWorkloads(attempt: RestoreAttempt): Promise<Scaled> {
  const { world, clock, steps, signal, run } = attempt;
  steps.begin('scale-down');
  const scaled = await world.scaler.scaleDown(run, run.id, {
    signal,
    onProgress(message) {
      clock.goesOn();
      steps.say(message);
    },
  });
  steps.done(scaled.message);
  return scaled;
}

/** The backup has limits of its own. */
const GOES_ON_MS = 30_000;

/**
 * Backs up the target, so that the restore can be undone.
 * @returns false: there is no volume yet. It may get one that somebody has made and filled.
 * @throws StageError when that fails.
 */
export async function backUpFirst(attempt: RestoreAttempt): Promise<boolean> {
  const { world, clock, steps, signal, run } = attempt;
  const { namespace, name, uid } = run;
  steps.begin('safety-backup');
  const claim = world.inventory.claim(namespace, name);
  if (claim?.uid === uid && claim.phase === 'Pending') {
    steps.done('the claim is not bound yet: its volume must be empty');
    return false;
  }
  const timer = setInterval(() => clock.goesOn(), GOES_ON_MS);
  try {
    const id = await world.takeSafetyBackup({ namespace, name, uid }, run, {
      signal,
      onAdded: known => attempt.record({ safetyBackupId: known }),
    });
    await attempt.record({ safetyBackupId: id });
    const longPaths = world.history.get(id)?.seal?.omitted.longPaths ?? 0;
    if (longPaths > 0) attempt.warnings.push(noUndo(id));
    steps.done(`backup ${id} holds the claim as it was`);
    return true;
  } finally {
    clearInterval(timer);
  }
}

/** See `tooDeep` in planChecks.ts. */
const noUndo = (id: string): string =>
  `safety backup ${id} holds paths of more than 4,095 bytes: it can be restored into a new claim, and not undone into this one`;

/** @returns the claim that is written to: the one that was asked for, or a new one. @throws StageError. */
export async function targetOf(attempt: RestoreAttempt, { source }: ReadySource): Promise<ClaimId> {
  const { world, run, details, signal, steps } = attempt;
  const { namespace, name } = details.target;
  const { uid } = run;
  if (!isNewClaim(details)) {
    const claim = world.inventory.claim(namespace, name);
    if (claim?.uid !== uid) throw claimGone('create', run, claim !== undefined);
    const placement = writerPlacementOf(claim, []);
    if ('node' in placement) return { namespace, name, uid };
    const { reason, message, hint } = placement.refuse;
    throw new StageError('create', reason, message, hint, 'needs-action');
  }
  steps.begin('create-claim');
  checkSameNamespace(run, world.inventory.namespace(run.namespace));
  const wish = claimWish(details.target, source.manifest);
  if (details.populates) wish.annotations = fillingAnnotations(details.populates);
  world.fence.assertHeld();
  const made = await makeClaim(details.target, wish, run.id, world, signal);
  attempt.made = made;
  await attempt.record(
    { createdUid: made.uid },
    makesOwnClaim(details) ? { uid: made.uid } : undefined
  );
  steps.done(`claim ${namespace}/${name} of ${wish.size} was created`);
  return made;
}

/** @returns where the helper must run; undefined: not known, or anywhere. */
function placeOf({ world }: RestoreAttempt, { namespace, name, uid }: ClaimId) {
  const claim = world.inventory.claim(namespace, name);
  return claim?.uid === uid ? writerNode(claim, world.cluster.nodes?.() ?? []) : undefined;
}

/** Writes the archive into the claim, and compares. @throws StageError. */
export async function writeAndCompare(
  attempt: RestoreAttempt,
  claim: ClaimId,
  first: ReadySource,
  users: Users,
  mustBeEmpty: boolean
): Promise<Unpacked> {
  const { run, world, details, clock, steps, signal } = attempt;
  const tell = (helper: NonNullable<RestoreAttempt['helper']>): void => {
    attempt.helper = helper;
    attempt.show({}, { helper });
  };
  const isSelection = details.paths !== null;
  let ready = first;
  const { direct } = first;
  const hooks = helperHooks({
    ...{ attempt, clock, signal, tell, explain },
    say: note => steps.say(note),
    image: world.helperSettings.image,
  });
  const unpacked = await restoreIntoClaim(
    {
      runId: run.id,
      attempt: run.attempt,
      ...{ claim, mode: details.target.mode, isSelection, mustBeEmpty },
      ...{ body: first.body, notDirect: first.notDirect },
      ...(direct && {
        direct: {
          archives: direct,
          async instead() {
            ready = await readSource(attempt, false);
            return ready.body;
          },
        },
      }),
      place: placeOf(attempt, claim),
      hasPushBroken: run.reason === PUSH_BROKE,
      patterns: patternsOf(first.source),
    },
    world,
    {
      signal,
      helper: {
        ...hooks,
        onCreated(helper, node) {
          hooks.onCreated(helper, node);
          steps.begin('write', 'waiting for the helper pod');
        },
      },
      onChecking(bytes) {
        if (clock.current() !== 'exec') clock.enter('exec');
        clock.goesOn();
        steps.say(`${percentOf(bytes, first.source)} read by the helper pod`);
      },
      onChecked: digest => (ready = { ...ready, checked: { ...ready.checked, ...digest } }),
      async beforeWrite() {
        world.fence.assertHeld();
        await users.checkNow(signal);
        await attempt.record({ hasBegunToWrite: true });
        if (clock.current() !== 'exec') clock.enter('exec');
        steps.say('');
      },
      onPhase(phase) {
        if (phase === 'write' || clock.current() === 'checksum') return;
        steps.done(`${sizeText(attempt.details.totalBytes ?? ready.checked.bytes)} were sent`);
        clock.enter('checksum');
        steps.begin('compare');
      },
      onProgress(bytes) {
        if (clock.current() === 'exec') clock.enter('copy');
        clock.goesOn();
        attempt.show({}, { bytes });
      },
      onWorking: () => clock.goesOn(),
      onRoute: route => attempt.show({}, route),
    }
  );
  if (!isSelection) compareSent(ready.source, ready.checked, unpacked.sent);
  return unpacked;
}
