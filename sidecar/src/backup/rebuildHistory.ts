import type { Backup, Copy } from '../../api/index.ts';
import { archiveOfManifest, parseArchiveName } from '../archive/name.ts';
import type { Destination } from '../destinations/destination.ts';
import type { IsSame } from '../destinations/places/sameStorage.ts';
import { twinThatHas } from '../destinations/places/sameStorage.ts';
import { textOf } from '../errors.ts';
import type { History } from '../history/history.ts';
import { changeCopies } from '../history/queries/changeCopies.ts';
import type { Identity } from '../identity.ts';
import { isOurs } from '../identity.ts';
import type { Log } from '../log.ts';
import type { ProvenArchive } from './provenArchive.ts';
import { isOfRun, isOfSameAttempt, provenArchiveAt, recordOf } from './provenArchive.ts';

export interface RebuildOptions {
  history: History;
  destination: Destination;
  identity: Pick<Identity, 'clusterUid' | 'installation'>;
  /** @returns UID of the claim of that name that exists now: identifies archives of format version 1. */
  claimUidOf(namespace: string, name: string): string | undefined;
  log: Log;
  /** Absent: no other destination is the same storage. */
  isSame?: IsSame;
  /**
   * Runs go on meanwhile. Files that one of them has stored are not touched until it has ended: a backup to two destinations has
   * its manifest at the first one while the second is still being written.
   */
  isWhileRunning?: boolean;
  /** How long it may take; what is left is done at the next start. */
  limitMs: number;
  signal?: AbortSignal;
}

/** How far it came. */
export interface Rebuilt {
  /** False: the limit was reached, or the destination could not be listed to its end. */
  isComplete: boolean;
  /** Manifests of runs that the history does not have as a success. */
  looked: number;
  /** Runs that the history did not have. */
  added: number;
  /** Runs that the history had in another state. */
  corrected: number;
  /** Archives of other installations, or of version 1 without a claim that tells whose they are. */
  foreign: number;
  /** Manifests that prove nothing. */
  skipped: number;
}

/** How many manifests are read at once; their runs go to the disk together. */
const TOGETHER = 50;

/** How many names a line of the log has. */
const NAMED = 20;

/**
 * Adds each proven backup of this installation that the history does not have as a success: after a lost history, all of
 * them. To be called at each start, before any run starts, or with `isWhileRunning`; it may be killed at any moment, and called
 * again.
 *
 * | at the destination | in the history | |
 * | --- | --- | --- |
 * | archive and manifest, sizes agree, ours (see `isOurs`) | no such run | a `success` row is added |
 * | the same | the run, which has not ended, with `isWhileRunning` | nothing yet |
 * | the same | the run, not a success | becomes a success: the manifest is written last, after the proof |
 * | the same | the run, without this copy | has the copy; success when it was the last that is required |
 * | the same | the run with this copy, or with one of another attempt at any destination, or of another claim | nothing |
 * | the same | the run with a copy of that name at a destination that is the same storage | nothing: it is one copy |
 * | archive and manifest of another installation | | counted, not touched |
 * | a manifest that cannot be read, or its archive is missing or has another size | | logged, not touched |
 *
 * Never throws: a service without its old history is better than none, and what is missing is logged.
 */
export async function rebuildHistory(options: RebuildOptions): Promise<Rebuilt> {
  const { destination, log, limitMs, signal } = options;
  const end = performance.now() + limitMs;
  const result = { isComplete: false, looked: 0, added: 0, corrected: 0, foreign: 0, skipped: 0 };
  const named = { added: [] as string[], corrected: [] as string[], skipped: [] as string[] };
  const note = (kind: keyof typeof named, name: string) => {
    result[kind] += 1;
    if (named[kind].length < NAMED) named[kind].push(name);
  };
  const twins = new Set<string>();
  const isOver = () => performance.now() >= end || signal?.aborted === true;

  const look = async (key: string) => {
    try {
      const owner = await ownerAt(key, options);
      if (owner !== undefined) return void twins.add(owner);
      const proven = await provenArchiveAt(key, destination, signal);
      const done = await adopt(proven, options);
      if (done === 'foreign') result.foreign += 1;
      else if (done !== 'known') note(done, nameOf(proven));
    } catch (error) {
      if (!signal?.aborted) note('skipped', textOf(error));
    }
  };

  try {
    const wanted = (key: string) => isUnknown(key, options);
    for await (const page of destination.list({ wanted, signal })) {
      for (let at = 0; at < page.length && !isOver(); at += TOGETHER) {
        const group = page.slice(at, at + TOGETHER);
        await Promise.all(group.map(({ key }) => look(key)));
        result.looked += group.length;
      }
      if (isOver()) break;
    }
    result.isComplete = !isOver();
    if (!result.isComplete)
      log.warn(
        result,
        `the comparison of the history with the destination ended after ${result.looked} manifests; the next start continues`
      );
  } catch (error) {
    if (!signal?.aborted)
      log.error(result, `history could not be compared with the destination: ${textOf(error)}`);
  }
  for (const twin of twins)
    log.warn(
      { destination: destination.id },
      `destinations ${destination.id} and ${twin} are the same storage: each archive there is one copy, at ${twin}; delete one of the two`
    );
  report(result, named, log);
  return result;
}

function report(result: Rebuilt, named: Record<string, string[]>, log: Log): void {
  const { added, corrected, foreign, skipped } = result;
  if (added + corrected > 0) {
    log.warn(
      { added, corrected, runs: [...(named.added ?? []), ...(named.corrected ?? [])] },
      `history lacked ${added + corrected} proven backups; they were added from their manifests`
    );
  }
  if (skipped > 0) {
    log.warn(
      { count: skipped, reasons: named.skipped },
      `${skipped} manifests were skipped: their archives are not in the history`
    );
  }
  if (foreign > 0) {
    log.info(
      { count: foreign },
      `${foreign} archives at the destination belong to other installations and are not touched`
    );
  }
}

/** @returns whether it is the key of a manifest whose archive is not in the history. */
function isUnknown(key: string, options: RebuildOptions): boolean {
  const archive = archiveOfManifest(key) ?? '';
  const parts = parseArchiveName(archive);
  const run = parts && options.history.get(parts.runId);
  if (!parts || !run) return parts !== undefined;
  if (isUnderWay(run, options)) return false;
  return isLackingIn(run, { destination: options.destination.id, key: archive });
}

/**
 * @returns the destination that has the archive of this manifest as its own copy; undefined also where one of the two does not
 *   answer: an archive that can be restored is not hidden because of that
 */
async function ownerAt(key: string, options: RebuildOptions): Promise<string | undefined> {
  const archive = archiveOfManifest(key) ?? '';
  const run = options.history.get(parseArchiveName(archive)?.runId ?? '');
  const here = { destination: options.destination.id, key: archive };
  const twin = run && (await twinThatHas(here, run.copies, options.isSame));
  return twin?.is === 'same' ? twin.destination : undefined;
}

const isUnderWay = (
  { status }: Pick<Backup, 'status'>,
  { isWhileRunning = false }: Pick<RebuildOptions, 'isWhileRunning'>
): boolean => isWhileRunning && (status === 'queued' || status === 'running');

/** Whether the record of a run lacks a copy that was found. One that NKVM has deleted does not come back. */
const isLackingIn = (
  { copies }: Pick<Backup, 'copies'>,
  found: Pick<Copy, 'destination' | 'key'>
): boolean => {
  // The record says what one archive holds and needs.
  if (copies.some(copy => copy.state === 'present' && !isOfSameAttempt(copy, found))) return false;
  const here = copies.find(({ destination }) => destination === found.destination);
  if (!here) return true;
  if (here.key === found.key && here.state === 'deleted') return false;
  return here.state !== 'present';
};

/** @throws Error when the history refuses, or has that run for another claim. */
async function adopt(
  proven: ProvenArchive,
  options: RebuildOptions
): Promise<'added' | 'corrected' | 'known' | 'foreign'> {
  const { history, identity, claimUidOf } = options;
  const { manifest } = proven;
  const run = history.get(manifest.runId);
  const isKnown = run !== undefined && isOfRun(proven, run);
  const liveClaimUid = claimUidOf(manifest.namespace, manifest.pvc);
  if (!isOurs(manifest, { identity, liveClaimUid, isKnown })) return 'foreign';
  if (!run) {
    await history.add([runOf(proven)]);
    return 'added';
  }
  if (!isKnown) {
    throw new Error(`run ${run.id} of ${manifest.archive} is in the history for another claim`);
  }
  let isCorrected = false;
  await changeCopies(history, run.id, now => {
    isCorrected = !isUnderWay(now, options) && isLackingIn(now, proven.copy);
    const before = now.copies.filter(
      copy => copy.state === 'deleted' || isOfSameAttempt(copy, proven.copy)
    );
    return isCorrected ? recordOf([proven], before, sentenceOn(now)) : undefined;
  });
  return isCorrected ? 'corrected' : 'known';
}

function sentenceOn({ status, message }: Backup): string {
  const state = status === 'queued' ? 'waiting to be tried again' : status;
  return status === 'success'
    ? message
    : `backed up; the history showed ${state} until its manifest was read`;
}

const nameOf = ({ manifest: { namespace, pvc, runId } }: ProvenArchive) =>
  `${namespace}/${pvc} ${runId}`;

/** Facts that a manifest does not have are null, e.g. when the run started. */
const runOf = (proven: ProvenArchive): Backup => {
  const { manifest } = proven;
  return {
    id: manifest.runId,
    kind: 'backup',
    namespace: manifest.namespace,
    name: manifest.pvc,
    uid: manifest.pvcUid,
    namespaceUid: manifest.namespaceUid,
    clusterUid: manifest.clusterUid,
    createdAt: manifest.createdAt,
    startedAt: null,
    stages: [],
    helper: null,
    requestedBy: manifest.requestedBy,
    priority: manifest.priority,
    attempt: 1,
    queuePosition: null,
    acceptEmpty: false,
    verify: null,
    form: null,
    archive: null, // it and the command follow from `copies`
    restoreCommand: null,
    provenRestorableAt: null,
    ...recordOf([proven], [], 'backed up; known from the manifest beside the archive'),
  };
};
