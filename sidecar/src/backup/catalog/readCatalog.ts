import { setImmediate as yieldOnce } from 'node:timers/promises';
import type { Catalog, Copy, VolumeShare } from '../../../api/index.ts';
import type { ParsedName } from '../../archive/name.ts';
import { archiveOfManifest, parseArchiveName } from '../../archive/name.ts';
import type { Destination, Stored } from '../../destinations/destination.ts';
import { probePrefix } from '../../destinations/places/check.ts';
import type { History } from '../../history/history.ts';
import { changeCopies } from '../../history/queries/changeCopies.ts';
import type { Log } from '../../log.ts';
import { chainProblem } from './chainProblem.ts';

/** The contents of a destination, and the corrections in the history. */
export interface ReadCatalog {
  catalog: Catalog;
  /** By bytes, most first. */
  volumes: VolumeShare[];
  /** Copies that the history had as missing, and that are there. */
  found: number;
  /** Copies that the history had as present, and that are not there, or not whole. */
  lost: number;
  /** Ids of the runs of archives that this history does not have. */
  foreign: ReadonlySet<string>;
  listing: ListingFacts;
}

/** How a complete listing compares with the history as it was when it began. */
export interface ListingFacts {
  /** ISO-8601. An archive that was proven later may not be in it. */
  beganAt: string;
  /** Copies that the history had as present. */
  known: number;
  /** Those of them that the listing did not have, whatever the storage said when it was asked for each. */
  unlisted: number;
  /** Ids of runs whose archive was listed although it is recorded as deleted: its deletion broke off. */
  undeleted: readonly string[];
}

export interface CatalogOptions {
  destination: Destination;
  history: Pick<History, 'get' | 'commit' | 'copiesAt' | 'onlyAt' | 'incrementsAt'>;
  /** Whose files of checks are swept. */
  installation: string;
  now(): Date;
  log: Log;
  signal: AbortSignal;
}

/** Copies that are read at once; then other work has its turn. */
const PAGE = 500;
/** Calls to the storage, and commits, at once. */
const TOGETHER = 16;
/** A check that goes on takes no longer. */
const PROBE_AGE_MS = 3_600_000;

/**
 * Lists what a destination holds, and then brings the copies in the history into line with it. It holds the ids of runs, 26
 * characters for each archive, and a line for each volume; never a manifest.
 *
 * Nothing is concluded from a listing that did not come to its end: it is thrown away as a whole.
 *
 * | in the history | in the listing | |
 * | --- | --- | --- |
 * | present | not there, or with another size, and the storage says so again when it is asked for that key | missing |
 * | present | an increment, and one that it needs is not there, not whole, or has no manifest, as the storage says again | missing |
 * | missing | there, with the size that was recorded, and with all archives that it needs | present |
 * | written while the listing was read | | is left alone |
 *
 * @throws StageError when the destination cannot be listed to its end
 */
export async function readCatalog(options: CatalogOptions): Promise<ReadCatalog> {
  const { destination, history, now, signal } = options;
  const began = now().toISOString();
  const volumes = new Map<string, VolumeShare>();
  /** Copies of the history, with what the listing has of them; in the end, those that are there. */
  const awaited = await copiesAt(destination.id, options);
  const known = [...awaited.values()].filter(({ state }) => state === 'present').length;
  const doubtful: string[] = [];
  const back: string[] = [];
  const unknown = { archives: new Set<string>(), manifests: new Set<string>() };
  const probes: Stored[] = [];
  const prefix = probePrefix(options.installation);
  let archives = 0;
  let bytes = 0;

  const take = (stored: Stored): void => {
    const name = parseArchiveName(stored.key);
    if (!name) {
      const run = runOfManifest(stored.key);
      const copy = awaited.get(run ?? '');
      if (copy) copy.hasManifest ||= stored.bytes > 0;
      else if (run !== undefined) unknown.manifests.add(run);
      else probes.push(stored);
      return;
    }
    archives += 1;
    bytes += stored.bytes;
    addTo(volumes, name, stored);
    const copy = awaited.get(name.runId);
    if (!copy) return void unknown.archives.add(flat(name.runId));
    if (copy.state === 'missing') back.push(flat(name.runId));
    else if (copy.state === 'present' && copy.bytes !== null && copy.bytes !== stored.bytes)
      doubtful.push(flat(name.runId));
    copy.state = 'seen';
  };
  const wanted = (key: string): boolean =>
    parseArchiveName(key) !== undefined ||
    key.startsWith(prefix) ||
    runOfManifest(key) !== undefined;
  for await (const page of destination.list({ wanted, signal })) {
    page.forEach(take);
    await yieldOnce(undefined, { signal });
  }
  const absent = [...awaited].filter(([, { state }]) => state === 'present').map(([run]) => run);
  const found = await setAll(back, 'present', began, options);
  const gone = await setAll([...absent, ...doubtful], 'missing', began, options);
  const isBack = new Set(found);
  for (const run of [...gone, ...back.filter(each => !isBack.has(each))]) awaited.delete(run);
  const useless = await setAll(await withoutLinks(awaited, options), 'missing', began, options);
  const lost = gone.length + useless.length;
  report(found.length, lost, options);
  await sweepProbes(probes, options);
  /** Those that came into the history meanwhile are not foreign. */
  const isForeign = (run: string) =>
    unknown.manifests.has(run) &&
    !history.get(run)?.copies.some(copy => copy.destination === destination.id);
  const foreign = new Set([...unknown.archives].filter(isForeign));
  const isDeleted = (run: string) =>
    history
      .get(run)
      ?.copies.some(copy => copy.destination === destination.id && copy.state === 'deleted');
  const undeleted = [...unknown.archives].filter(isDeleted);
  return {
    catalog: {
      archives,
      bytes,
      onlyHere: history.onlyAt(destination.id),
      foreign: foreign.size,
      readAt: now().toISOString(),
    },
    volumes: [...volumes.values()].sort((a, b) => b.bytes - a.bytes),
    ...{ found: found.length, lost, foreign },
    listing: { beganAt: began, known, unlisted: absent.length, undeleted },
  };
}

const runOfManifest = (key: string): string | undefined => {
  const run = parseArchiveName(archiveOfManifest(key) ?? '')?.runId;
  return run === undefined ? undefined : flat(run);
};

/** A part of a text keeps the whole of it in memory. */
const flat = (part: string): string => Buffer.from(part, 'latin1').toString('latin1');

interface Awaited {
  state: 'present' | 'missing' | 'seen';
  /** Size of the file; null: not known. */
  bytes: number | null;
  /** Whether the listing had a manifest that is not empty. */
  hasManifest: boolean;
}

/** @returns what the history has there, by the ids of runs. */
async function copiesAt(
  destination: string,
  { history, signal }: CatalogOptions
): Promise<Map<string, Awaited>> {
  const found = new Map<string, Awaited>();
  for (let after = ''; ; ) {
    const page = history.copiesAt(destination, after, PAGE);
    const last = page.at(-1);
    if (!last) return found;
    for (const { run, ...copy } of page) found.set(run, { ...copy, hasManifest: false });
    after = last.run;
    await yieldOnce(undefined, { signal });
  }
}

/**
 * @param there the archives that are there
 * @returns ids of runs whose copy there needs another one, or one of them that has no manifest
 */
async function withoutLinks(
  there: ReadonlyMap<string, Awaited>,
  { destination, history, signal }: CatalogOptions
): Promise<string[]> {
  const found: string[] = [];
  for (let after = ''; ; ) {
    const page = history.incrementsAt(destination.id, after, PAGE);
    const last = page.at(-1);
    if (!last) return found;
    found.push(
      ...page
        .filter(({ needs }) => needs.some(link => !there.get(link)?.hasManifest))
        .map(({ run }) => run)
    );
    after = last.run;
    await yieldOnce(undefined, { signal });
  }
}

function addTo(
  volumes: Map<string, VolumeShare>,
  { cluster, namespace, pvc, at }: ParsedName,
  { bytes }: Stored
): void {
  const key = `${cluster}/${namespace}/${pvc}`;
  const newestAt = at.toISOString();
  const share = volumes.get(key);
  if (!share) {
    volumes.set(key, { cluster, namespace, name: pvc, archives: 1, bytes, newestAt });
    return;
  }
  share.archives += 1;
  share.bytes += bytes;
  if (newestAt > share.newestAt) share.newestAt = newestAt;
}

/**
 * Corrects the state of copies, after the storage was asked for each by itself: a listing may lag behind, and only a plain
 * "not there" counts.
 * @param began copies that were proven since then may be absent from the listing for that reason alone
 * @returns those that were corrected
 */
async function setAll(
  runs: readonly string[],
  state: 'present' | 'missing',
  began: string,
  options: CatalogOptions
): Promise<string[]> {
  const { destination, history, signal } = options;
  const changed: string[] = [];
  const from = state === 'present' ? 'missing' : 'present';
  const correct = async (id: string): Promise<void> => {
    const isWrong = (copy: Copy) => copy.destination === destination.id && copy.state === from;
    const copy = history.get(id)?.copies.find(isWrong);
    if (!copy || (copy.provenAt ?? '') >= began) return;
    const stored = await destination.stat(copy.key, { signal });
    const problem = !stored
      ? null
      : isWhole(stored, copy)
      ? await chainProblem(copy, history.get(id)?.chain ?? null, destination, signal)
      : sizeDiffers(stored, copy, destination);
    if (problem === undefined) return;
    const isThere = stored !== undefined && problem === null;
    if (isThere !== (state === 'present')) return;
    let isChanged = false;
    await changeCopies(history, id, ({ copies }) => {
      isChanged = copies.some(isWrong); // as they are now
      return isChanged
        ? { copies: copies.map(each => (isWrong(each) ? { ...each, state, problem } : each)) }
        : undefined;
    });
    if (isChanged) changed.push(id);
  };
  for (let at = 0; at < runs.length; at += TOGETHER) {
    signal.throwIfAborted();
    await Promise.all(runs.slice(at, at + TOGETHER).map(correct));
  }
  return changed;
}

/** Where NKVM does not decrypt any more, it is the file that has a size. A size that is not known says nothing. */
const isWhole = ({ bytes }: Stored, { bytes: own, stored, encrypted }: Copy): boolean =>
  own === 0 || (encrypted && !stored) || bytes === own || bytes === stored?.bytes;

/** An archive that was cut, for example because a server crashed, does not count as a backup. */
const sizeDiffers = (
  { key, bytes }: Stored,
  copy: Copy,
  destination: Destination
): NonNullable<Copy['problem']> => ({
  stage: 'checksum',
  reason: 'ArchiveSizeDiffers',
  message: `archive ${destination.locate(key)} has ${bytes} bytes; the history says ${copy.bytes}`,
  hint: 'find out what has changed it; put it back from a copy, or use another backup',
  failureClass: 'needs-action',
});

function report(found: number, lost: number, { destination: { id }, log }: CatalogOptions): void {
  if (lost > 0)
    log.warn(
      { destination: id, lost },
      `${lost} archives are missing at destination ${id}, have another size, or need one that is missing or has no manifest, and NKVM did not delete them`
    );
  if (found > 0)
    log.info(
      { destination: id, found },
      `${found} missing archives are at destination ${id} again`
    );
}

/** Files that a check has left, because its process ended in the middle of it. Never throws. */
async function sweepProbes(
  probes: readonly Stored[],
  { destination, now, signal }: CatalogOptions
): Promise<void> {
  const old = probes.filter(
    ({ modifiedAt }) => now().getTime() - modifiedAt.getTime() > PROBE_AGE_MS
  );
  for (const { key } of old) await destination.remove(key, { signal }).catch(() => undefined);
}
