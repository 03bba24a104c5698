import type { Backup, Proof } from '../../api/index.ts';
import type { VerifyLevel } from '../archive/readBack.ts';
import type { History } from '../history/history.ts';

/** What decides how an archive is proven. */
export interface ProofFacts {
  /** What the request asks for. */
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

/** @returns how the last archives of a run's claim were proven, newest first. */
export function proofsBefore(
  history: Pick<History, 'list'>,
  { namespace, name, uid }: Backup,
  limit: number
): (Proof['level'] | null)[] {
  return history
    .list({ namespace, name, status: 'success', limit })
    .backups.filter(run => run.uid === uid && run.kind === 'backup')
    .map(run => run.copies[0]?.proof?.level ?? null);
}
