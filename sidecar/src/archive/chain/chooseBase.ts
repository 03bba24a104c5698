import type { Chain, ChainLink, INCREMENTAL_MODES } from '../../../api/index.ts';

export type IncrementalMode = (typeof INCREMENTAL_MODES)[number];

/** The backup that an increment could build on. */
export interface BaseFacts {
  runId: string;
  /** Of the archive, as the helper made it. */
  archive: string;
  bytes: number;
  sha256: string;
  createdAt: Date;
  chain: Chain;
  /** When the full archive of its chain was requested; undefined: the history does not know it. */
  fullAt: Date | undefined;
  /** Patterns of its claim that were left out. */
  patterns: readonly string[];
  /** Ids of backups of its chain, its own too, whose archive is not present and proven at each destination of the new backup. */
  lacking: readonly string[];
  /** Ids of backups of its chain, its own too, whose last verification or drill failed. */
  failed: readonly string[];
}

export interface ChainFacts {
  mode: IncrementalMode;
  /** The volume is backed up each hour. */
  isHourly: boolean;
  isScheduled: boolean;
  /** The request asks for a full archive. */
  isFullAsked: boolean;
  /** The backup is made before a restore. */
  isSafety: boolean;
  /** A destination stores the tar alone, and finds equal parts by itself. */
  isStoredUnpacked: boolean;
  /** The newest backup of the volume that others can build on. */
  base: BaseFacts | undefined;
  patterns: readonly string[];
  now: Date;
}

/**
 * - `alone`: a full archive that no increment builds on
 * - `full`: a full archive that the next increments build on, and why it is not an increment
 * - `increment`: what has changed since `base`
 */
export type ChainChoice =
  | { form: 'alone' }
  | { form: 'full'; why: string }
  | { form: 'increment'; links: ChainLink[] };

/** A full archive a day. An hour less, because runs do not begin on time. */
const MOST_HOURS = 23;
/** To restore a volume, all links are read. */
const MOST_LINKS = 48;
/** Increments of a small volume may be bigger than its full archive. */
const SMALL_BYTES = 1024 * 1024;
const HOUR_MS = 3_600_000;

/**
 * Decides whether a backup is an increment, and of which archive.
 *
 * | fact | the archive |
 * | --- | --- |
 * | increments are off, or not for this volume; it is made before a restore; a destination stores the tar alone | is alone |
 * | only the scheduled backups of each hour are increments, and this one is not; it stays until a person deletes it | is alone |
 * | a full archive was asked for | is full |
 * | no earlier backup of this volume can be built on | is full |
 * | the full archive is a day old, or its age is not known, or the clock was set back | is full |
 * | the chain has 48 increments, or they are bigger than the full archive | is full |
 * | an archive of the chain is not present and proven at a destination of this backup | is full |
 * | the last check of a backup of the chain failed | is full |
 * | the claim leaves out something else than before | is full |
 * | otherwise | is an increment |
 *
 * The helper decides once more: see pack/known.cjs.
 */
export function chooseBase(facts: ChainFacts): ChainChoice {
  const { mode, isHourly, isScheduled, isFullAsked, base, patterns, now } = facts;
  const isWanted =
    mode === 'always' || (mode === 'hourly' && isHourly && (isScheduled || isFullAsked));
  if (!isWanted || facts.isSafety || facts.isStoredUnpacked) return { form: 'alone' };
  const full = (why: string): ChainChoice => ({ form: 'full', why });
  if (isFullAsked) return full('a full archive was asked for');
  if (!base) return full('there is no earlier backup that an increment can build on');
  const { chain, fullAt } = base;
  if (!fullAt || fullAt > now || base.createdAt > now)
    return full('the age of the full archive before is not known');
  if (now.getTime() - fullAt.getTime() >= MOST_HOURS * HOUR_MS)
    return full(`the full archive before is ${MOST_HOURS} hours old or older`);
  if (chain.links.length >= MOST_LINKS)
    return full(`the chain before has ${chain.links.length} increments`);
  const [first, ...increments] = [...chain.links, base];
  const added = increments.reduce((sum, { bytes }) => sum + bytes, 0);
  if (first && added > Math.max(first.bytes, SMALL_BYTES))
    return full('the increments of the chain before are bigger than its full archive');
  if (base.lacking.length > 0)
    return full(
      `the archive of backup ${base.lacking[0]} is not present and proven at each destination`
    );
  if (base.failed.length > 0) return full(`the last check of backup ${base.failed[0]} failed`);
  if (base.patterns.join('\n') !== patterns.join('\n'))
    return full('nkvm.io/exclude of the claim has changed');
  const { runId, archive, bytes, sha256 } = base;
  return { form: 'increment', links: [...chain.links, { runId, archive, bytes, sha256 }] };
}
