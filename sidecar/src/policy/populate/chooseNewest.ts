import { latestBelievable } from '../../history/runId.ts';
import { isKnownBad } from './badArchive.ts';
import type { Candidate, Decision, PassedOver } from './decision.ts';
import type { ExpectedBackup, FoundArchive, PopulateFacts } from './facts.ts';
import { missingBackup, noneGood } from './noneGood.ts';
import { ASK_MS, howToDecide, nameOf, notListed, unlistedOf, WAIT_MS } from './words.ts';

export interface Found {
  kind: 'found';
  candidate: Candidate;
  passedOver: readonly PassedOver[];
  /** For people; '' where there is nothing more to say. */
  note: string;
}

/** The copies of one backup. */
interface FoundBackup {
  backup: string;
  createdAt: string;
  copies: FoundArchive[];
}

/** The newest backup of one cluster that decides, and those that were passed over on the way to it. */
interface Newest {
  passedOver: PassedOver[];
  /** Undefined: none of them decides anything. */
  at: FoundBackup | undefined;
  candidate: Candidate | undefined;
  stop: Decision | undefined;
}

/**
 * Finds the newest good backup of a claim.
 * @param accepts a person has asked for the newest that is there: known backups that were not found do not count
 * @returns it, or why nothing is restored
 */
export function newestOf(
  facts: PopulateFacts,
  { accepts }: { accepts: boolean }
): Found | Decision {
  const { claim, places } = facts;
  const archives = places.flatMap(place => ('archives' in place ? place.archives : []));
  const unlisted = unlistedOf(places);

  const own = newestIn(archives.filter(isOfOwn), facts);
  const clusters = new Map<string, FoundArchive[]>();
  for (const archive of archives.filter(({ cluster }) => cluster === 'continued')) {
    const uid = uidOf(archive);
    clusters.set(uid, [...(clusters.get(uid) ?? []), archive]);
  }
  const continued = [...clusters.values()]
    .map(each => newestIn(each, facts))
    .filter(({ at }) => at !== undefined);
  const conflict = conflictOf(own, continued, facts);
  if (conflict) return conflict;
  const newest = own.at ? own : continued[0] ?? own;

  const awaited = accepts ? [] : awaitedOf(newest, facts);
  const away = awaited.flatMap(({ destinations }) =>
    unlisted.filter(({ name }) => destinations.includes(name))
  );
  if (away.length > 0) return notListed(claim, away);
  const [missing] = awaited;
  if (missing) return missingBackup(missing, newest.candidate, facts);
  if (newest.stop) return newest.stop;
  const { candidate, passedOver } = newest;
  if (!candidate) return noneGood(archives, passedOver, facts);
  if (unlisted.length === 0) return { kind: 'found', candidate, passedOver, note: '' };
  // Every later run would be in the history, if this one got there when it ended.
  const [last] = facts.expected;
  const isLast = last?.backup === candidate.backup && last.isRecorded;
  if (!isLast) return notListed(claim, unlisted);
  const names = unlisted.map(({ name }) => name).join(', ');
  const note = `destination ${names} did not answer; by the history, no newer backup is there`;
  return { kind: 'found', candidate, passedOver, note };
}

const isOfOwn = ({ cluster }: FoundArchive): boolean => cluster === 'own' || cluster === 'perhaps';

const uidOf = ({ state }: FoundArchive): string =>
  'candidate' in state ? state.candidate.clusterUid : '';

function newestIn(archives: readonly FoundArchive[], facts: PopulateFacts): Newest {
  const backups = new Map<string, FoundBackup>();
  for (const archive of archives) {
    const { backup, createdAt } = archive;
    const of = backups.get(backup) ?? { backup, createdAt, copies: [] };
    of.copies.push(archive);
    backups.set(backup, of);
  }
  const passedOver: PassedOver[] = [];
  for (const at of newestFirst([...backups.values()], facts.now)) {
    const verdict = verdictOn(at, facts);
    if (verdict === undefined) continue;
    if ('why' in verdict) passedOver.push({ backup: at.backup, why: verdict.why });
    else return { passedOver, at, candidate: undefined, stop: undefined, ...verdict };
  }
  return { passedOver, at: undefined, candidate: undefined, stop: undefined };
}

/** A backup with a date that cannot be believed was made by a wrong clock, and counts as older than all others. */
function newestFirst<B extends { backup: string; createdAt: string }>(
  backups: readonly B[],
  now: Date
): B[] {
  const latest = new Date(latestBelievable(now.getTime())).toISOString();
  const rank = ({ createdAt, backup }: B): string =>
    `${createdAt > latest ? '' : createdAt} ${backup}`;
  return [...backups].sort((one, other) => (rank(one) < rank(other) ? 1 : -1));
}

/** @returns undefined for a backup that says nothing: it was not finished. */
function verdictOn(
  { copies, backup }: FoundBackup,
  facts: PopulateFacts
): { candidate: Candidate } | { stop: Decision } | { why: string } | undefined {
  const { claim, failed } = facts;
  const bad = copies.map(copy => isKnownBad(copy, failed)).find(Boolean);
  for (const { state } of copies)
    if (state.is === 'good' && !bad) return { candidate: state.candidate };
  if (bad) return bad;
  for (const { state } of copies) {
    if (state.is === 'unlooked')
      return {
        stop: {
          ...{ kind: 'wait', retryMs: WAIT_MS, reason: 'BackupsNotListed' },
          message: `backup ${backup} of claim ${nameOf(claim)} is not known: ${state.why}`,
          hint: `${state.hint}; ${howToDecide('empty')}`,
        },
      };
  }
  for (const { state } of copies) {
    if (state.is === 'locked')
      return {
        stop: {
          ...{ kind: 'ask', retryMs: ASK_MS, choices: [state.candidate], reason: 'ArchiveLocked' },
          message: `newest backup ${backup} of claim ${nameOf(claim)} is locked: ${state.why}`,
          hint: `${state.hint}; ${howToDecide('other')}`,
        },
      };
    if (state.is === 'too-new')
      return {
        stop: {
          ...{ kind: 'ask', retryMs: ASK_MS, choices: [], reason: 'ManifestTooNew' },
          message: `newest backup ${backup} of claim ${nameOf(
            claim
          )} is from a later version of NKVM: ${state.why}`,
          hint: `install that version; ${howToDecide('other')}`,
        },
      };
  }
  for (const { state } of copies)
    if (state.is === 'broken' || state.is === 'unreadable') return { why: state.why };
  return undefined;
}

/** Backups of the history that are newer than the one that was found, and were not found. */
function awaitedOf({ at, passedOver }: Newest, facts: PopulateFacts): ExpectedBackup[] {
  const seen = new Set([...(at ? [at.backup] : []), ...passedOver.map(({ backup }) => backup)]);
  const sorted = newestFirst(facts.expected, facts.now);
  const until = at
    ? newestFirst([...sorted, at], facts.now).findIndex(({ backup }) => backup === at.backup)
    : sorted.length;
  return sorted.slice(0, until).filter(({ backup }) => !seen.has(backup));
}

function conflictOf(own: Newest, continued: readonly Newest[], facts: PopulateFacts) {
  const { claim, now } = facts;
  const all = own.at ? [own, ...continued] : continued;
  if (all.length < 2) return undefined;
  const [newest] = newestFirst(
    all.flatMap(({ at }) => at ?? []),
    now
  );
  // The backups of this cluster go on from those of the one before.
  if (own.at && newest === own.at) return undefined;
  const choices = all.flatMap(({ candidate }) => candidate ?? []);
  const which = choices
    .map(({ backup, cluster, createdAt }) => `${backup} of ${createdAt} from ${cluster}`)
    .join(', ');
  return {
    ...{ kind: 'ask' as const, retryMs: ASK_MS, choices, reason: 'ClustersDisagree' },
    message: `claim ${nameOf(claim)} has backups of ${
      all.length
    } clusters, and it is not clear which goes on: ${which}`,
    hint: `${howToDecide('one')}; make sure that only one cluster backs this volume up`,
  };
}
