import { isDeepStrictEqual } from 'node:util';
import type { Backup, RunKind, RunStage } from '../../../api/index.ts';
import { PRIORITIES } from '../../../api/index.ts';
import type { RunChange, RunRecord } from '../../history/history.ts';
import type { JobRequest } from '../job.ts';

/** How far a run has come that has not ended. */
export type Progress = 'queued' | 'running' | 'cancelling';

/** Kinds of which one run can serve several requests. A second restore into one claim is refused; see `requests.ts`. */
const SHARED: ReadonlySet<RunKind> = new Set<RunKind>(['backup', 'verify', 'drill', 'copy']);

/** Stages before the first byte of the volume is read. */
const BEFORE_READING: ReadonlySet<Backup['stage']> = new Set<RunStage | null>([
  null,
  'create',
  'wait',
]);

/**
 * Decides whether a request for a claim is served by a run of that claim which has not ended.
 *
 * | the run | serves |
 * | --- | --- |
 * | is of another kind, or of a kind that is not shared | no |
 * | is a verification, a drill or a copy of another backup, by another command, or to another destination | no |
 * | is being cancelled | no: it will end without a result |
 * | is queued | yes; see `raised` for what changes in it |
 * | is running, and the request wants fresh data | only while it has not begun to read |
 * | is running, and the request wants more of it (another proof, a full archive, an empty volume accepted) | no |
 */
export function isServedBy(request: JobRequest, run: RunRecord, progress: Progress): boolean {
  if (run.kind !== request.kind || !SHARED.has(request.kind)) return false;
  if (run.kind !== 'backup') return progress !== 'cancelling' && isSameCheck(request, run);
  switch (progress) {
    case 'cancelling':
      return false;
    case 'queued':
      return true;
    case 'running':
      if (request.fresh && !BEFORE_READING.has(run.stage)) return false;
      return raised({ ...request, priority: run.priority }, run) === undefined;
  }
}

/** Whether a check that has not ended is of the same backup, in the same way; `totalBytes` is what one of them found out. */
function isSameCheck({ details: asked }: JobRequest, { details: running }: RunRecord): boolean {
  if (asked?.kind === 'verify' && running?.kind === 'verify')
    return asked.backup === running.backup;
  if (asked?.kind === 'copy' && running?.kind === 'copy')
    return asked.backup === running.backup && asked.destination === running.destination;
  if (asked?.kind !== 'drill' || running?.kind !== 'drill') return false;
  return asked.backup === running.backup && isDeepStrictEqual(asked.request, running.request);
}

/** @returns what changes in a queued run that another request joins; undefined: nothing. */
export function raised(request: JobRequest, run: Backup): RunChange | undefined {
  const change: RunChange = {
    ...(rankOf(request.priority) < rankOf(run.priority) ? { priority: request.priority } : {}),
    ...(request.acceptEmpty && !run.acceptEmpty ? { acceptEmpty: true } : {}),
    ...(request.verify && request.verify !== run.verify ? { verify: request.verify } : {}),
    ...(request.form && request.form !== run.form ? { form: request.form } : {}),
  };
  return Object.keys(change).length > 0 ? change : undefined;
}

const rankOf = (priority: Backup['priority']): number => PRIORITIES.indexOf(priority);
