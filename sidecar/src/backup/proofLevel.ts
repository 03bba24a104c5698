import type { Backup, Copy, Proof } from '../../api/index.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import type { Destination } from '../destinations/destination.ts';
import type { History } from '../history/history.ts';

/** How an archive is proven at a destination. */
export interface ProofPlan {
  /** `server`: the storage says what it holds; where it cannot, the archive is read back. */
  by: 'reading' | 'server';
  /** Where it is read back. */
  level: VerifyLevel;
}

/** Facts that decide how an archive is proven. */
export interface ProofFacts {
  /** The level that was requested. */
  asked: Backup['verify'];
  /** The level of every run, by the setting. */
  usual: VerifyLevel;
  /** Every Nth archive of a claim is unpacked, by the setting. */
  contentsEvery: number;
  /** How the claim's last archives were proven, newest first; null: it is not known. */
  before: readonly (Proof['level'] | null)[];
}

/**
 * Decides how an archive is proven. To unpack each archive costs 4 s of CPU per GB; the checksum alone does not cover the
 * compressor, whose faults (and those of the node's memory) are the same in every run. So an archive is unpacked now and
 * then.
 *
 * | the run | level |
 * | --- | --- |
 * | asks for the contents, or all runs do | contents |
 * | is the claim's first | contents |
 * | none of the `contentsEvery - 1` archives before was unpacked | contents |
 * | any other | checksum |
 */
export function proofLevel({ asked, usual, contentsEvery, before }: ProofFacts): VerifyLevel {
  if (asked === 'contents' || usual === 'contents') return 'contents';
  return before.slice(0, contentsEvery - 1).includes('contents') ? 'checksum' : 'contents';
}

/** Facts that decide how an archive is proven at one destination. */
export interface PlaceFacts {
  /** The destination costs no download. */
  isNear: boolean;
  /** No archive was read back there yet. */
  isFirstThere: boolean;
  /** How the claim's last archives there were proven, newest first; null: it is not known. */
  before: readonly (Proof | null)[];
}

/**
 * Decides whether an archive is read back:
 *
 * | destination | the archive | |
 * | --- | --- | --- |
 * | near | any | read back |
 * | far | unpacking was asked for, or all archives are unpacked | read back |
 * | far | the first that is stored there | read back |
 * | far | none of the claim's `contentsEvery - 1` archives before was read back there | read back |
 * | far | any other | the storage says what it holds |
 */
export function proofPlan(facts: ProofFacts, there: PlaceFacts): ProofPlan {
  const level = proofLevel(facts);
  const { asked, usual, contentsEvery } = facts;
  const last = there.before.slice(0, contentsEvery - 1);
  const isDue =
    last.length === contentsEvery - 1 &&
    !last.some(proof => proof !== null && proof.readFrom !== 'server');
  const isRead =
    there.isNear || there.isFirstThere || isDue || asked === 'contents' || usual === 'contents';
  return { by: isRead ? 'reading' : 'server', level };
}

/**
 * Unpacking one copy proves what all hold, because their digests are the same.
 * @returns the plans with the level `contents` for the first that is read back alone
 */
export function unpackedOnce(plans: readonly ProofPlan[]): ProofPlan[] {
  const first = plans.findIndex(({ by, level }) => by === 'reading' && level === 'contents');
  return plans.map((plan, at) => (at === first ? plan : { ...plan, level: 'checksum' }));
}

export interface ProofSettings extends Pick<ProofFacts, 'usual' | 'contentsEvery'> {
  history: Pick<History, 'list' | 'provenAt'>;
}

/** @returns how the archive of a run is proven at each of these destinations, in their order. */
export function proofPlansFor(
  run: Backup,
  destinations: readonly Pick<Destination, 'id' | 'isNear'>[],
  { history, usual, contentsEvery }: ProofSettings
): ProofPlan[] {
  const archives = copiesBefore(history, run, contentsEvery);
  const facts = {
    ...{ asked: run.verify, usual, contentsEvery },
    before: archives.map(
      copies =>
        copies.find(({ proof }) => proof?.level === 'contents')?.proof?.level ??
        copies[0]?.proof?.level ??
        null
    ),
  };
  return unpackedOnce(
    destinations.map(({ id, isNear }) =>
      proofPlan(facts, {
        isNear,
        isFirstThere: history.provenAt(id).lastReadBackAt === null,
        before: archives.flatMap(copies =>
          copies.filter(({ destination }) => destination === id).map(({ proof }) => proof)
        ),
      })
    )
  );
}

/** Runs that have left no archive are few, unless nothing works. */
const RUNS_PER_ARCHIVE = 4;

/**
 * @returns the copies of each of the last archives of a run's claim, newest first. Incomplete backups count: where one of two
 *   destinations is unavailable for weeks, the other is read back as often as before.
 */
function copiesBefore(
  history: Pick<History, 'list'>,
  { namespace, name, uid }: Backup,
  limit: number
): Copy[][] {
  return history
    .list({ namespace, name, limit: limit * RUNS_PER_ARCHIVE })
    .backups.filter(run => run.uid === uid && run.kind === 'backup')
    .filter(
      ({ status, copies }) =>
        status === 'success' || copies.some(({ state }) => state === 'present')
    )
    .slice(0, limit)
    .map(run => run.copies);
}
