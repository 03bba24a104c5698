import { pipeline } from 'node:stream';
import type { Copy } from '../../api/index.ts';
import { hashAndCount } from '../archive/digest.ts';
import type { Manifest, StoredManifest } from '../archive/manifest.ts';
import { MANIFEST_VERSION, READABLE_BY, readManifest, writeManifest } from '../archive/manifest.ts';
import { archiveFormOf, archiveNameIn, indexName, manifestName } from '../archive/name.ts';
import type { Lane } from '../cluster/lane.ts';
import type { Destination, Staged } from '../destinations/destination.ts';
import type { Places } from '../destinations/places.ts';
import { PausedError } from '../destinations/places/health.ts';
import type { Readable } from '../destinations/readable.ts';
import { withNearest } from '../destinations/readable.ts';
import { readText } from '../destinations/readText.ts';
import { StageError, textOf } from '../errors.ts';
import { changeCopies } from '../history/changeCopies.ts';
import type { CopyDetails } from '../history/details.ts';
import type { History, RunChange, RunRecord } from '../history/history.ts';
import type { JobEnd, JobKind } from '../jobs/job.ts';
import { CANCELLED } from '../jobs/job.ts';
import type { RetryPolicy } from '../jobs/retry.ts';
import type { StageClock } from '../jobs/stageClock.ts';
import { stageClock } from '../jobs/stageClock.ts';
import type { Held } from './breakOff.ts';
import { explain, retryAfterOf, timedOut, undo } from './breakOff.ts';
import { copyWithout, problemOf, verdictOnCopies, warningsOnCopies } from './copiesVerdict.ts';
import { packedAs } from './copyForm.ts';
import { foundThere } from './foundThere.ts';
import { digestText } from './proof.ts';
import type { ProofPlan } from './proofLevel.ts';
import { proveAndPublish } from './proveAndPublish.ts';
import type { StagedIndex } from './receiveIndex.ts';
import { noIndex } from './receiveIndex.ts';
import type { OpenTarget, RoomOf } from './targets.ts';
import { isOpen, sameStorage, targetsOf, untilMs } from './targets.ts';

/** What copies of archives need of the world. */
export interface CopyWorld {
  history: Pick<History, 'get' | 'commit'>;
  places: Places;
  roomOf?: RoomOf;
  /** @returns how the archive is proven at a destination. */
  proofPlans(run: RunRecord, destinations: readonly Destination[]): ProofPlan[];
  unpacking: Lane;
  runTimeoutMs: number;
  retry: RetryPolicy;
  now(): Date;
  /** Is told of the backup when its record has changed. */
  onBackup?(backup: RunRecord): void;
}

/** Storage that gives or takes nothing for so long hangs. */
const SILENCE_MS = 300_000;
const MANIFEST_BYTES = 4 * 1024 * 1024;

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
      end = await copied(run, details, target, world, { clock, report, held, signal: ends });
    } catch (error) {
      const stage = clock.current() ?? 'create';
      const left = target ? await undo(held, target.destination) : [];
      const because = clock.signal.aborted ? clock.signal.reason : error;
      const why = limit.aborted
        ? timedOut(stage, runTimeoutMs)
        : nameIsOurs(await explain(because, stage));
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

  /** What it has written has no manifest and is deleted later, or has one and is found by the next attempt. */
  afterRestart: async () => ({
    status: 'failed',
    reason: 'Interrupted',
    failureClass: 'transient',
    message: 'the sidecar was stopped in the middle of the copy',
    hint: 'nothing: it is tried again',
  }),
});

interface Under {
  clock: StageClock;
  report(change: RunChange): void;
  held: Held;
  signal: AbortSignal;
}

function detailsOf({ details }: RunRecord): CopyDetails {
  if (details?.kind === 'copy') return details;
  throw new Error('the run does not say what it copies');
}

/** @throws StageError */
async function targetOf({ destination }: CopyDetails, world: CopyWorld): Promise<OpenTarget> {
  const { places, roomOf = async () => undefined } = world;
  const [target] = await targetsOf([destination], places, roomOf);
  if (target && isOpen(target)) return target;
  throw target?.problem;
}

/** @throws whatever ends it */
async function copied(
  run: RunRecord,
  details: CopyDetails,
  target: OpenTarget,
  world: CopyWorld,
  under: Under
): Promise<JobEnd> {
  const { history, places } = world;
  const backup = history.get(details.backup);
  if (!backup) throw gone(details);
  const known = backup.copies.find(({ destination }) => destination === target.name);
  if (known?.state === 'present') {
    return { status: 'success', message: `there was a proven copy at ${target.name} already` };
  }
  const other = backup.copies.find(({ destination }) => isSame(destination, target, places));
  if (other) throw sameStorage(target.name, other.destination);
  const sources = backup.copies.filter(
    ({ state, destination }) => state === 'present' && destination !== target.name
  );
  if (sources.length === 0) throw noSource(backup);
  const found = await foundThere(sources[0] as Copy, known, target, under.signal);
  const copy =
    found ??
    (await withNearest(sources, places, under.signal, source =>
      leavingNothing(under.held, target.destination, () =>
        copyFrom(source, backup, target, world, under)
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
    // What could not be deleted is tried again, and told, at the end.
    if (left.length === 0)
      Object.assign(held, {
        staged: undefined,
        index: undefined,
        unlisted: undefined,
        unlistedIndex: undefined,
      });
    throw error;
  }
}

async function copyFrom(
  { copy: source, destination: from }: Readable<Copy>,
  backup: RunRecord,
  { destination, form, isRequired }: OpenTarget,
  world: CopyWorld,
  { clock, report, held, signal }: Under
): Promise<Copy> {
  const manifest = readManifest(
    manifestName(source.key),
    await readText(from, manifestName(source.key), MANIFEST_BYTES, { signal })
  );
  const key = archiveNameIn(source.key, form);
  const body = await from.open(source.key, { signal });
  if (clock.current() === 'create') clock.enter('copy');
  const counter = hashAndCount(bytes => {
    clock.goesOn();
    report({ bytes });
  });
  const read = pipeline(body, counter, () => undefined);
  const { stream, digest } = packedAs(read, archiveFormOf(source.key) ?? 'tar.gz', form);
  const staged = await destination.stage(key, stream, { signal, expectedBytes: source.bytes });
  held.staged = staged;
  const own = counter.digest();
  if (own.bytes !== source.bytes || own.sha256 !== source.sha256) throw differs(source, own);
  const index = await copyIndex({ source, manifest, key }, from, destination, held, signal);
  clock.enter('checksum');
  const [plan = { by: 'reading', level: 'checksum' }] = world.proofPlans(backup, [destination]);
  clock.enter('publish');
  const sent = digest?.() ?? own;
  // What the helper has sealed is then the tar, whose digest was just compared; the gzip around it is a new one.
  const seal = digest && form !== 'tar' ? { ...manifest.seal, ...sent } : manifest.seal;
  const { copy } = await proveAndPublish(
    {
      ...{ destination, key, staged, own: sent, seal, isRequired },
      index: index.index,
      warnings: [...manifest.warnings, ...index.warnings],
    },
    {
      plan: { ...plan, level: 'checksum' },
      manifest: published => manifestOfCopy({ ...manifest, seal }, { key, ...sent, ...published }),
      ...{ signal, held, now: world.now, unpacking: world.unpacking },
    }
  );
  return copy;
}

/** The same backup, as it is stored elsewhere. */
function manifestOfCopy(manifest: StoredManifest, change: CopyManifest): string {
  const { key, bytes, sha256, index, warnings, stored, proof, provenAt } = change;
  const { clusterUid, installation, ...known } = manifest;
  return writeManifest({
    ...known,
    clusterUid: clusterUid ?? 'unknown',
    installation: installation ?? 'unknown',
    formatVersion: MANIFEST_VERSION,
    readableBy: READABLE_BY,
    archive: key,
    ...{ bytes, sha256, index, warnings, stored, proof, provenAt },
  });
}

type CopyManifest = Pick<
  Manifest,
  'bytes' | 'sha256' | 'index' | 'warnings' | 'stored' | 'proof' | 'provenAt'
> & { key: string };

/** Everything can be restored without an index: one that cannot be copied is left out. */
async function copyIndex(
  { source, manifest, key }: { source: Copy; manifest: StoredManifest; key: string },
  from: Destination,
  to: Destination,
  held: Held,
  signal: AbortSignal
): Promise<{ index?: StagedIndex; warnings: string[] }> {
  if (!manifest.index) return { warnings: [] };
  let staged: Staged | undefined;
  try {
    const counter = hashAndCount();
    const body = pipeline(
      await from.open(indexName(source.key), { signal }),
      counter,
      () => undefined
    );
    staged = await to.stage(indexName(key), body, { signal });
    const own = counter.digest();
    if (own.sha256 !== manifest.index.sha256) throw new Error('it is not the one of the archive');
    held.index = staged;
    const record = { key: indexName(key), ...own, entries: manifest.index.entries };
    return { index: { staged, record }, warnings: [] };
  } catch (error) {
    await staged?.discard().catch(() => undefined); // the sweep deletes it
    signal.throwIfAborted();
    return { warnings: [noIndex(textOf(error))] };
  }
}

/** Puts a copy into the record of its backup, which may be complete with it. */
async function keepCopy(id: string, copy: Copy, world: CopyWorld): Promise<void> {
  const { history } = world;
  await changeCopies(history, id, now => {
    const copies = withCopy(now.copies, copy);
    if (now.status !== 'failed' || now.reason !== 'Incomplete') return { copies };
    const warnings = [
      ...now.warnings.filter(text => !text.startsWith('missing at ')),
      ...warningsOnCopies(copies),
    ];
    return { copies, ...verdictOnCopies(copies, 'backed up'), warnings };
  });
  const after = history.get(id);
  if (after) world.onBackup?.(after);
}

/** Says in the record of the backup why the copy is not there, and when it is tried again. */
async function keepFailure(
  run: RunRecord,
  error: StageError,
  { isCancelled, retryAfterMs }: { isCancelled: boolean; retryAfterMs: number },
  world: CopyWorld
): Promise<void> {
  const { history, retry, now } = world;
  const { details, attempt } = run;
  const backup = details?.kind === 'copy' ? history.get(details.backup) : undefined;
  if (!backup || details?.kind !== 'copy') return;
  const { destination: name } = details;
  const known = backup.copies.find(({ destination }) => destination === name);
  if (known?.state === 'present') return;
  const isPause = error instanceof PausedError;
  const isLast = isCancelled || (!isPause && attempt >= retry.maxAttempts);
  const waitMs = isPause ? untilMs(error, now()) : Math.max(retry.delayMs(attempt), retryAfterMs);
  const retryAt = new Date(now().getTime() + waitMs).toISOString();
  if (known?.state === 'missing' || known?.state === 'deleted') {
    // What is known of the archive that was there stays: it may be found again.
    await keepCopy(backup.id, { ...known, problem: problemOf(error) }, world).catch(
      () => undefined
    );
    return;
  }
  const key = known?.key ?? backup.copies[0]?.key ?? '';
  const copy = copyWithout(
    { name, isRequired: known?.isRequired ?? false, key },
    error,
    isLast ? null : retryAt
  );
  await keepCopy(backup.id, isLast ? { ...copy, state: 'failed' } : copy, world).catch(
    () => undefined // the run itself says it as well
  );
}

const withCopy = (copies: readonly Copy[], copy: Copy): Copy[] => {
  const isThere = copies.some(({ destination }) => destination === copy.destination);
  return isThere
    ? copies.map(each => (each.destination === copy.destination ? copy : each))
    : [...copies, copy];
};

/** A name is taken by what this copy has left, or by another attempt: the next one finds out. See `foundThere`. */
const nameIsOurs = (error: StageError): StageError =>
  error.reason !== 'NameTaken'
    ? error
    : new StageError(
        error.stage,
        error.reason,
        error.message,
        'nothing: it is tried again; if it stays so, look at what is stored there under that name',
        'transient',
        { cause: error }
      );

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

const differs = (source: Copy, own: { bytes: number; sha256: string }): StageError =>
  new StageError(
    'checksum',
    'ArchiveDiffers',
    `archive ${source.key} at ${source.destination} has changed: ${digestText(
      own
    )} were read, it should be ${digestText(source)}`,
    'verify the backup, and look at the storage there',
    'needs-action'
  );
