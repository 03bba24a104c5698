import type { Copy } from '../../../api/index.ts';
import { archiveNameIn, manifestName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Places } from '../../destinations/places.ts';
import { PausedError } from '../../destinations/places/health.ts';
import type { Twin } from '../../destinations/places/sameStorage.ts';
import { sameAs, twinThatHas } from '../../destinations/places/sameStorage.ts';
import { chainThere } from '../../destinations/read/chainThere.ts';
import { withNearest } from '../../destinations/read/readable.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';
import type { CopyDetails } from '../../history/queries/details.ts';
import type { JobEnd, JobKind } from '../../jobs/job.ts';
import type { RetryPolicy } from '../../jobs/job.ts';
import { CANCELLED } from '../../jobs/job.ts';
import { stageClock } from '../../jobs/stageClock.ts';
import type { Held } from '../breakOff.ts';
import { explain, retryAfterOf, timedOut, undo } from '../breakOff.ts';
import { whyLocked } from '../chain/sendBase.ts';
import { provenArchiveAt } from '../provenArchive.ts';
import { problemOf } from './copiesVerdict.ts';
import type { CopyProof, CopyRun } from './copyArchive.ts';
import { copyArchive } from './copyArchive.ts';
import type { BackupRecords } from './copyRecord.ts';
import { keepCopy, keepFailure } from './copyRecord.ts';
import { foundThere } from './foundThere.ts';
import type { OpenTarget, RoomOf } from './targets.ts';
import { isOpen, sameStorage, targetsOf, untilMs } from './targets.ts';

/** The dependencies of copies of archives. */
export interface CopyWorld extends BackupRecords, CopyProof {
  places: Places;
  /** Whose files of checks are swept. */
  installation: string;
  roomOf?: RoomOf;
  runTimeoutMs: number;
}

/** Storage that gives or takes nothing for so long hangs. */
const SILENCE_MS = 300_000;

/** Three attempts would be over before a server is up again: 10 s, 1 min, 6 min, then once an hour for more than a day. */
export const COPY_RETRY: RetryPolicy = {
  maxAttempts: 30,
  delayMs: attempt => Math.min(10_000 * 6 ** (attempt - 1), 3_600_000),
};

/**
 * Copies of backups to more destinations, as the queue sees them: a proven copy is read, written, and proven there. When the
 * last one that is required is there, the backup becomes a success.
 */
export const copyJob = (world: CopyWorld): JobKind => ({
  access: 'none',
  retry: world.retry,
  slots: 2,
  nodeOf: () => null,

  async work(run, report, signal) {
    const { now, runTimeoutMs } = world;
    const clock = stageClock({
      now,
      limits: { create: 120_000, copy: SILENCE_MS },
      onChange: (stage, stages) => report({ stage, stages }),
    });
    const limit = AbortSignal.timeout(runTimeoutMs);
    const ends = AbortSignal.any([signal, limit, clock.signal]);
    clock.enter('create');
    const held: Held = {};
    let target: OpenTarget | undefined;
    let end: JobEnd;
    try {
      const details = detailsOf(run);
      target = await targetOf(details, world);
      end = await copied(details, target, world, { clock, report, held, signal: ends });
    } catch (error) {
      const stage = clock.current() ?? 'create';
      const left = target ? await undo(held, target.destination) : [];
      const because = clock.signal.aborted ? clock.signal.reason : error;
      const why = limit.aborted
        ? timedOut(stage, runTimeoutMs)
        : passing(await explain(because, stage));
      const isCancelled = signal.aborted && signal.reason === CANCELLED;
      const retryAfterMs = retryAfterOf(because, now()) ?? 0;
      end = isCancelled
        ? { status: 'cancelled', stage, message: 'cancelled: nothing stays', warnings: left }
        : { status: 'failed', ...problemOf(why), warnings: left, retryAfterMs };
      if (why instanceof PausedError) end = { ...end, waitMs: untilMs(why, now()) };
      if (isCancelled || !signal.aborted)
        await keepFailure(run, why, { isCancelled, retryAfterMs }, world);
    }
    clock.enter('cleanup');
    clock.stop();
    const stage = end.status === 'success' ? ('cleanup' as const) : end.stage;
    return {
      ...end,
      ...(stage && { stage }),
      stages: clock.times(),
      endedAt: now().toISOString(),
    };
  },

  /** A file that it has written has no manifest and is deleted later, or has one and is found by the next attempt. */
  afterRestart: async () => ({
    status: 'failed',
    reason: 'Interrupted',
    failureClass: 'transient',
    message: 'NKVM was stopped during the copy',
    hint: 'nothing to do: NKVM tries again',
  }),
});

function detailsOf({ details }: RunRecord): CopyDetails {
  if (details?.kind === 'copy') return details;
  throw new Error('the run does not name the backup that it copies');
}

/** @throws StageError */
async function targetOf({ destination }: CopyDetails, world: CopyWorld): Promise<OpenTarget> {
  const { places, roomOf = async () => undefined } = world;
  const [target] = await targetsOf([destination], places, roomOf);
  if (target && isOpen(target)) return target;
  throw target?.problem;
}

/**
 * An increment is of no use without the archives that it needs: those that are not there are copied first, also where the increment
 * is there.
 * @throws whatever ends it
 */
async function copied(
  details: CopyDetails,
  target: OpenTarget,
  world: CopyWorld,
  under: CopyRun
): Promise<JobEnd> {
  const backup = backupOf(details, world);
  sourcesOf(backup, target, world);
  const { clock } = under;
  // A run never goes back to an earlier stage: all of this is a part of copying.
  const enter = (): void => {
    if (clock.current() === 'create') clock.enter('copy');
  };
  for (const { runId } of backup.chain?.links ?? []) {
    const link = backupOf({ ...details, backup: runId }, world);
    await copiedAlone(link, target, world, { ...under, clock: { ...clock, enter } });
    Object.assign(under.held, { staged: undefined, index: undefined, snapshot: undefined });
  }
  await chainThere(
    archiveNameIn(keyOf(backup), target.form),
    backup.chain,
    target.destination,
    under.signal
  );
  const warnings = await warningsOnKeys(backup, target, under.signal);
  return { ...(await copiedAlone(backup, target, world, under)), warnings };
}

/**
 * An increment that was made before a change of the keys is encrypted for the present ones, and what it needs may have been copied
 * before the change. It is copied all the same: with both keys it can be restored.
 * @returns a sentence where it is not known that the present keys open all of it
 */
async function warningsOnKeys(
  { chain }: RunRecord,
  target: OpenTarget,
  signal: AbortSignal
): Promise<string[]> {
  for (const link of chain?.links ?? []) {
    if ((await whyLocked(link, target, signal)) === undefined) continue;
    return [
      `archive ${archiveNameIn(link.archive, target.form)} at ${
        target.name
      }, which this increment needs, may be encrypted for earlier keys: keep those as well`,
    ];
  }
  return [];
}

/** Copies one archive, without those that it needs. @throws whatever ends it */
async function copiedAlone(
  backup: RunRecord,
  target: OpenTarget,
  world: CopyWorld,
  under: CopyRun
): Promise<JobEnd> {
  const { known, sources } = sourcesOf(backup, target, world);
  if (!sources) {
    return { status: 'success', message: `there was a proven copy at ${target.name} already` };
  }
  await checkIsOther(sources[0].key, backup, target, world, under.signal);
  const found = await foundThere(sources[0], known, target, under.signal);
  const copy =
    found ??
    (await withNearest(sources, world.places, under.signal, source =>
      leavingNothing(under.held, target.destination, () =>
        copyArchive(source, backup, target, world, under)
      )
    ));
  const isRequired = known?.isRequired ?? false;
  await keepCopy(backup.id, { ...copy, destination: target.name, isRequired }, world);
  return {
    status: 'success',
    bytes: copy.bytes,
    message: found
      ? `a proven copy was found at ${target.name}`
      : `copied to ${target.name}: ${copy.bytes} bytes, proven`,
  };
}

/** @throws StageError */
function backupOf(details: CopyDetails, { history }: CopyWorld): RunRecord {
  const backup = history.get(details.backup);
  if (!backup) throw gone(details);
  return backup;
}

interface Sources {
  /** The copy at the target, by the record. */
  known: Copy | undefined;
  /** Undefined: the copy is there already. */
  sources: [Copy, ...Copy[]] | undefined;
}

/** @throws StageError */
function sourcesOf(backup: RunRecord, target: OpenTarget, { places }: CopyWorld): Sources {
  const known = backup.copies.find(({ destination }) => destination === target.name);
  if (known?.state === 'present') return { known, sources: undefined };
  const other = backup.copies.find(({ destination }) => isSame(destination, target, places));
  if (other) throw sameStorage(target.name, other.destination);
  const [first, ...more] = backup.copies.filter(
    ({ state, destination }) => state === 'present' && destination !== target.name
  );
  if (!first) throw noSource(backup);
  return { known, sources: [first, ...more] };
}

/** @throws StageError when an archive of that name is there, and is the copy of another destination, or may be the only file of it */
async function checkIsOther(
  source: string,
  { copies }: RunRecord,
  { name, destination, form }: OpenTarget,
  { places, installation }: CopyWorld,
  signal: AbortSignal
): Promise<void> {
  const key = archiveNameIn(source, form);
  if (!(await destination.stat(key, { signal }))) return;
  const isSame = sameAs(destination, places, installation, signal);
  const proven = await provenArchiveAt(manifestName(key), destination, signal).catch(
    () => undefined
  );
  const file = { destination: name, key, provenAt: proven?.copy.provenAt };
  const twin = await twinThatHas(file, copies, isSame);
  if (twin?.is === 'same') throw sameStorage(name, twin.destination);
  // Without a manifest it would be deleted as what an attempt before has left.
  if (twin && !proven) throw maybeSame(name, key, twin);
}

const maybeSame = (name: string, key: string, { destination, is }: Twin): StageError =>
  new StageError(
    'copy',
    'DestinationSame',
    `archive ${key} is at destination ${name} already, without a manifest, and may be the copy of ${destination}, which ${
      is === 'gone' ? 'is not configured any more' : 'cannot be compared now'
    }`,
    is === 'gone'
      ? `put its manifest back, or delete the file at ${name} if another copy of the backup is good`
      : 'nothing to do: NKVM tries again',
    is === 'gone' ? 'needs-action' : 'transient'
  );

const keyOf = ({ copies }: RunRecord): string =>
  copies.find(({ state }) => state === 'present')?.key ?? '';

/** Whether another name leads to the storage of `target`, where it stores archives in the same form. */
function isSame(name: string, target: OpenTarget, places: Places): boolean {
  const [one, other] = [places.get(name), places.get(target.name)];
  if (!one || !other || one.name === other.name) return false;
  return (
    one.kind === other.kind &&
    one.location === other.location &&
    one.archiveForm === other.archiveForm
  );
}

/** The copy of another source must not be taken for what is left of this one. */
async function leavingNothing<T>(
  held: Held,
  destination: Destination,
  work: () => Promise<T>
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const left = await undo(held, destination);
    // Files that could not be deleted are tried again, and reported, at the end.
    if (left.length === 0)
      Object.assign(held, {
        staged: undefined,
        index: undefined,
        snapshot: undefined,
        unlisted: undefined,
        unlistedIndex: undefined,
        unlistedSnapshot: undefined,
      });
    throw error;
  }
}

/** Reasons that keep an attempt from its copy and not the next ones, and what to do: nothing. */
const PASSING: Readonly<Record<string, string>> = {
  // By what this copy has left, or by another attempt: the next one finds out. See `foundThere`.
  NameTaken:
    'nothing to do: NKVM tries again; if it happens again, check the file of that name at the destination',
  // The next listing of the destination notices that an archive is missing; then it is copied, too.
  ChainIncomplete:
    'nothing to do: NKVM lists the destination every hour, and then copies what is missing there',
};

const passing = (error: StageError): StageError => {
  const hint = PASSING[error.reason];
  const { stage, reason, message } = error;
  return hint === undefined
    ? error
    : new StageError(stage, reason, message, hint, 'transient', { cause: error });
};

const gone = ({ backup }: CopyDetails): StageError =>
  new StageError(
    'create',
    'BackupNotFound',
    `backup ${backup}, which is to be copied, is not in the history`,
    'list the backups with GET /api/v1/backups',
    'needs-action'
  );

const noSource = ({ id }: RunRecord): StageError =>
  new StageError(
    'create',
    'BackupHasNoArchive',
    `backup ${id} has no archive that could be copied`,
    'copy a backup that has a proven copy',
    'needs-action'
  );
