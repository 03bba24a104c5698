import { setImmediate as yieldOnce } from 'node:timers/promises';
import { archiveOfManifest, parseArchiveName } from '../../archive/name.ts';
import type { Destination, Stored } from '../../destinations/destination.ts';
import { within } from '../../within.ts';
import type { ClaimName } from './claimKeys.ts';
import { claimsByArchiveName, keyOfClaim } from './claimKeys.ts';

/** An archive as a listing shows it. */
export interface ListedArchive {
  key: string;
  bytes: number;
  runId: string;
  /** Cluster part of its name. */
  cluster: string;
  /** When reading the volume began, in milliseconds, by its name. */
  atMs: number;
  hasManifest: boolean;
}

/** A destination as it was when it was listed to its end. */
export interface ListedPlace {
  /** Archives that may be those of a claim, by `namespace/name`, newest first. Only claims that were asked for. */
  ofClaim(claim: ClaimName): readonly ListedArchive[];
  /** For each name of a cluster, the oldest and the newest archive with a manifest. */
  samples: ReadonlyMap<string, readonly string[]>;
}

export interface ListingsOptions {
  /** @returns the claims that wait now, so that one listing serves all of them. */
  waiting(): Iterable<ClaimName>;
  now?: () => number;
}

/** Listings of destinations, shared by all claims that wait. */
export interface Listings {
  /**
   * @param notBefore the listing must have begun after it, in milliseconds of the same clock
   * @throws StageError of the destination, or the reason of `signal`. A listing that breaks off gives nothing.
   */
  list(
    destination: Destination,
    claim: ClaimName,
    notBefore: number,
    signal: AbortSignal
  ): Promise<ListedPlace>;
  stop(): void;
}

/** How long after its end a listing is used, where the history knows of no backup since. */
const FRESH_MS = 60_000;

/** How long a failure counts for all that ask. */
const FAILED_MS = 5_000;

interface Listed {
  began: number;
  ended: number | undefined;
  claims: ReadonlySet<string>;
  hasFailed: boolean;
  place: Promise<ListedPlace>;
}

/**
 * One listing at a time for each destination. Requests that come while it is under way and need a later one wait for the next,
 * together: 5,000 claims cost two listings, not 5,000.
 */
export function listings({ waiting, now = Date.now }: ListingsOptions): Listings {
  const stopping = new AbortController();
  const last = new WeakMap<Destination, Listed>();
  const next = new WeakMap<
    Destination,
    { claims: Map<string, ClaimName>; listed: Promise<Listed> }
  >();

  const isGood = (listed: Listed, claim: ClaimName, notBefore: number): boolean => {
    if (!listed.claims.has(keyOfClaim(claim)) || listed.began <= notBefore) return false;
    if (listed.ended === undefined) return true;
    return now() - listed.ended <= (listed.hasFailed ? FAILED_MS : FRESH_MS);
  };

  const begin = (destination: Destination, asked: ReadonlyMap<string, ClaimName>): Listed => {
    const claims = new Map(asked);
    for (const claim of waiting()) claims.set(keyOfClaim(claim), claim);
    const listed: Listed = {
      began: now(),
      ended: undefined,
      claims: new Set(claims.keys()),
      hasFailed: false,
      place: listPlace(destination, [...claims.values()], stopping.signal),
    };
    listed.place.catch(() => (listed.hasFailed = true)).finally(() => (listed.ended = now()));
    last.set(destination, listed);
    return listed;
  };

  /** After the one that is under way. */
  const follow = (destination: Destination, claim: ClaimName): Promise<Listed> => {
    const known = next.get(destination);
    if (known) {
      known.claims.set(keyOfClaim(claim), claim);
      return known.listed;
    }
    const claims = new Map([[keyOfClaim(claim), claim]]);
    const underWay = last.get(destination)?.place.then(nothing, nothing);
    // Those who ask in the same moment ask together.
    const listed = (underWay ?? yieldOnce()).then(() => {
      next.delete(destination);
      return begin(destination, claims);
    });
    next.set(destination, { claims, listed });
    return listed;
  };

  return {
    async list(destination, claim, notBefore, signal) {
      signal.throwIfAborted();
      const known = last.get(destination);
      const listed =
        known && isGood(known, claim, notBefore)
          ? known
          : await within(signal, follow(destination, claim));
      return await within(signal, listed.place);
    },
    stop: () => stopping.abort(new Error('NKVM is stopping')),
  };
}

const nothing = (): void => undefined;

/** @throws StageError; nothing is concluded from a listing that did not come to its end */
async function listPlace(
  destination: Destination,
  claims: readonly ClaimName[],
  signal: AbortSignal
): Promise<ListedPlace> {
  const claimsOf = claimsByArchiveName(claims);
  const found = new Map<string, ListedArchive[]>();
  const manifests = new Set<string>();
  const ends = new Map<string, { oldest: string; from: number; newest: string; to: number }>();

  const sample = (archive: string): void => {
    const name = parseArchiveName(archive);
    if (!name) return;
    const at = name.at.getTime();
    const known = ends.get(name.cluster);
    if (!known) ends.set(name.cluster, { oldest: archive, from: at, newest: archive, to: at });
    else if (at < known.from) [known.oldest, known.from] = [archive, at];
    else if (at > known.to) [known.newest, known.to] = [archive, at];
  };
  const wanted = (key: string): boolean => {
    const archive = archiveOfManifest(key);
    if (archive !== undefined) sample(archive);
    const name = parseArchiveName(archive ?? key);
    return name !== undefined && claimsOf(name).length > 0;
  };
  const take = ({ key, bytes }: Stored): void => {
    const archive = archiveOfManifest(key);
    if (archive !== undefined) {
      manifests.add(archive);
      return;
    }
    const name = parseArchiveName(key);
    if (!name) return;
    const { runId, cluster, at } = name;
    const listed = { key, bytes, runId, cluster, atMs: at.getTime(), hasManifest: false };
    for (const claim of claimsOf(name)) {
      const of = found.get(claim);
      if (of) of.push(listed);
      else found.set(claim, [listed]);
    }
  };
  for await (const page of destination.list({ wanted, signal })) {
    page.forEach(take);
    await yieldOnce(undefined, { signal });
  }
  for (const archives of found.values()) {
    for (const archive of archives) archive.hasManifest = manifests.has(archive.key);
    archives.sort((one, other) => other.atMs - one.atMs || (one.runId < other.runId ? 1 : -1));
  }
  const samples = new Map(
    [...ends].map(([cluster, { oldest, newest }]) => [cluster, [...new Set([oldest, newest])]])
  );
  return { ofClaim: claim => found.get(keyOfClaim(claim)) ?? [], samples };
}
