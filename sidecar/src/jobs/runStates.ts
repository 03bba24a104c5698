import type { BackupStatus, RunStage } from '../../api/index.ts';
import type { WaitLimits } from '../helper/wait/waitLimits.ts';
import { longestWaitMs } from '../helper/wait/waitLimits.ts';

/** Where a run can be: a status, or, while it runs, a stage. */
export type RunState = Exclude<BackupStatus, 'running'> | RunStage;

/**
 * The states that may follow each state. A failure at any stage leads to `cleanup`; only then is it decided how the run
 * ended, or that it is tried again.
 */
export const NEXT_STATES: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['create', 'failed', 'cancelled'],
  create: ['wait', 'copy', 'checksum', 'cleanup'], // who reads an archive needs no pod
  wait: ['exec', 'cleanup'],
  exec: ['copy', 'checksum', 'cleanup'], // a command that fails at once sends no byte
  copy: ['checksum', 'cleanup'],
  checksum: ['publish', 'cleanup'],
  publish: ['cleanup'],
  cleanup: ['success', 'failed', 'cancelled', 'queued'],
  success: [],
  failed: [],
  cancelled: [],
};

/** @throws Error: a bug in NKVM */
export function checkStep(from: RunState, to: RunState): void {
  if (!NEXT_STATES[from].includes(to)) throw new Error(`a run cannot go from ${from} to ${to}`);
}

/**
 * Milliseconds that a stage may take, beside the limit of the whole run. `cleanup` bounds each of its own calls: a run
 * that breaks off there would leave its helper.
 */
export const stageLimits = ({
  waitLimits,
  runTimeoutMs,
  stallMs = 900_000,
}: {
  waitLimits: WaitLimits;
  runTimeoutMs: number;
  /** How long tar may give neither a byte nor a sign that it gets on; a file system that hangs gives neither. */
  stallMs?: number | undefined;
}): Readonly<Record<Exclude<RunStage, 'cleanup'>, number>> => ({
  create: 60_000,
  wait: longestWaitMs(waitLimits) + 30_000, // the wait itself says why the pod is not ready; this is for an API server that hangs
  // tar reports every 15 s that it gets on, also while it reads a huge directory.
  exec: stallMs,
  copy: stallMs, // a node that hangs keeps the connection
  checksum: 120_000,
  publish: runTimeoutMs, // reads all of the archive back
});
