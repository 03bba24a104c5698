import type { Copy } from '../../../api/index.ts';
import { chainProblem } from '../../backup/catalog/chainProblem.ts';
import type { Lane } from '../../cluster/gateway/lane.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Places } from '../../destinations/places.ts';
import { movedSince } from '../../destinations/places/movedSince.ts';
import { notConfigured, readables } from '../../destinations/read/readable.ts';
import { sizeText } from '../../destinations/size.ts';
import { StageError } from '../../errors.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { changeCopies } from '../../history/queries/changeCopies.ts';
import type { JobEnd, JobKind } from '../../jobs/job.ts';
import { CANCELLED } from '../../jobs/job.ts';
import type { StageClock } from '../../jobs/stageClock.ts';
import { stageClock } from '../../jobs/stageClock.ts';
import { checkedCopies } from './checkedCopies.ts';
import type { VerifyOptions } from './verifyCopy.ts';
import { verifyCopy } from './verifyCopy.ts';

export interface VerifyWorld {
  history: Pick<History, 'get' | 'commit' | 'dependents'>;
  places: Places;
  archives: VerifyOptions['archives'];
  /** Where archives that are unpacked wait for each other. */
  unpacking: Lane;
  runTimeoutMs: number;
  now(): Date;
}

/** Storage that gives no byte for so long hangs. */
const SILENCE_MS = 900_000;

/** Verifications of backups, as the queue sees them. They read archives, and no volume. */
export const verifyJob = (world: VerifyWorld): JobKind => ({
  access: 'none',
  nodeOf: () => null,

  async work(run, report, signal) {
    const { now } = world;
    const clock = stageClock({
      now,
      limits: { checksum: SILENCE_MS },
      onChange: (stage, stages) => report({ stage, stages }),
    });
    const limit = AbortSignal.timeout(world.runTimeoutMs);
    clock.enter('create');
    let end: JobEnd;
    try {
      const ends = AbortSignal.any([signal, limit, clock.signal]);
      end = await verified(run, world, clock, bytes => report({ bytes }), ends);
    } catch (error) {
      end =
        signal.aborted && signal.reason === CANCELLED
          ? { status: 'cancelled', message: 'cancelled: nothing was changed' }
          : failedBy(limit.aborted ? timedOut(world.runTimeoutMs) : error);
    }
    const stage = end.status === 'success' ? ('cleanup' as const) : clock.current();
    clock.enter('cleanup');
    clock.stop();
    const endedAt = now().toISOString();
    return { ...(stage && { stage }), ...end, stages: clock.times(), endedAt };
  },
});

async function verified(
  { details }: RunRecord,
  { history, places, archives, unpacking, now }: VerifyWorld,
  clock: StageClock,
  onProgress: (bytes: number) => void,
  signal: AbortSignal
): Promise<JobEnd> {
  const backup = details?.kind === 'verify' ? history.get(details.backup) : undefined;
  if (!backup) {
    throw new StageError(
      'create',
      'BackupNotFound',
      'the backup that is to be verified is not in the history',
      'list the backups with GET /api/v1/backups',
      'needs-action'
    );
  }
  const copies = checkedCopies(backup);
  const { open: here, closed } = readables(copies, places);
  if (here.length === 0) throw closed[0]?.why ?? notConfigured('no destination');
  const leave = await unpacking.enter(signal);
  let before = 0;
  let fault: StageError | undefined;
  const warnings: string[] = [];
  try {
    clock.enter('checksum');
    for (const { copy, destination } of here) {
      const look = await verifyCopy(copy, backup.seal, destination, {
        ...{ archives, chain: backup.chain, signal, now },
        onProgress(bytes) {
          clock.goesOn();
          onProgress(before + bytes);
        },
      });
      before += copy.bytes;
      const moved = movedSince(copy.destination, destination, places, 'checksum');
      if (moved) {
        fault ??= moved;
        continue;
      }
      fault ??= look.fault;
      if (look.warning !== undefined) warnings.push(look.warning);
      await keep(backup.id, look.copy, history);
      if (look.copy.state === 'missing')
        await keepDependents(backup.id, destination, history, signal);
    }
  } finally {
    leave();
  }
  if (fault) throw fault;
  const files = backup.seal ? ` in ${backup.seal.files.toLocaleString('en')} entries` : '';
  return {
    status: 'success',
    bytes: before,
    message: `${sizeText(before)}${files} were read again and match the seal`,
    warnings: [
      ...warnings,
      ...closed.map(
        ({ copy, why }) => `the copy at ${copy.destination} was not read: ${why.message}`
      ),
    ],
  };
}

/** The other copies may have changed meanwhile. */
async function keep(id: string, copy: Copy, history: VerifyWorld['history']): Promise<void> {
  const isThis = (each: Copy) => each.destination === copy.destination && each.key === copy.key;
  await changeCopies(history, id, now =>
    // Deleted meanwhile: then it is not there by intent.
    now.copies.some(each => isThis(each) && each.state !== 'deleted')
      ? { copies: now.copies.map(each => (isThis(each) ? copy : each)) }
      : undefined
  );
}

/** Increments that need an archive which is gone are no backups any more. The next listing finds those that were not asked for. */
async function keepDependents(
  backup: string,
  destination: Destination,
  history: VerifyWorld['history'],
  signal: AbortSignal
): Promise<void> {
  for (const id of history.dependents(backup)) {
    const { copies, chain } = history.get(id) ?? { copies: [], chain: null };
    const copy = copies.find(
      each => each.destination === destination.id && each.state === 'present'
    );
    if (!copy) continue;
    const problem = await chainProblem(copy, chain, destination, signal).catch(() => null);
    if (problem) await keep(id, { ...copy, state: 'missing', problem }, history);
  }
}

const timedOut = (runTimeoutMs: number): StageError =>
  new StageError(
    'checksum',
    'RunTimedOut',
    `the verification took longer than ${runTimeoutMs / 1000} s`,
    'give runs more time with NKVM_RUN_TIMEOUT_SECONDS',
    'needs-action'
  );

/** @returns the end of a check that something broke. */
export function failedBy(error: unknown): JobEnd {
  const known =
    error instanceof StageError
      ? error
      : new StageError(
          'create',
          'Unexpected',
          `the check failed: ${error instanceof Error ? error.message : String(error)}`,
          'see the log of NKVM for this run, then start it again',
          'unknown'
        );
  const { stage, reason, message, hint, class: failureClass } = known;
  return { status: 'failed', stage, reason, message, hint, failureClass };
}
