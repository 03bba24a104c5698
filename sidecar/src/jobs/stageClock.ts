import type { RunStage, StageTimes } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import { checkStep } from './runStates.ts';

/** Notes when the stages of one run begin and end, and ends a stage that takes too long. */
export interface StageClock {
  /** Ends the stage before, and begins `stage`. @throws Error when no run can go that way. */
  enter(stage: RunStage): void;
  /** The stage has brought something: its limit begins again. */
  goesOn(): void;
  /** Ends the last stage. */
  stop(): void;
  /** @returns the stage that was entered last. */
  current(): RunStage | undefined;
  /** @returns the stages so far, in their order. */
  times(): StageTimes[];
  /** Aborted when a stage takes too long, with a StageError (reason `StageTimedOut`). */
  readonly signal: AbortSignal;
}

export interface StageClockOptions {
  now(): Date;
  /** Milliseconds that a stage may take, or bring nothing where it tells that it goes on. */
  limits: Readonly<Partial<Record<RunStage, number>>>;
  /** Is told the new stage and all times. */
  onChange(stage: RunStage, times: StageTimes[]): void;
}

export function stageClock({ now, limits, onChange }: StageClockOptions): StageClock {
  const times: StageTimes[] = [];
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let hasGoneOn = false;
  const end = () => {
    clearTimeout(timer);
    const last = times.at(-1);
    if (last && last.endedAt === null) last.endedAt = now().toISOString();
  };
  const copy = () => times.map(each => ({ ...each }));
  return {
    enter(stage) {
      checkStep(times.at(-1)?.stage ?? 'queued', stage);
      end();
      times.push({ stage, startedAt: now().toISOString(), endedAt: null });
      const limit = limits[stage];
      hasGoneOn = false;
      if (limit !== undefined) {
        timer = setTimeout(() => late.abort(tooLong(stage, limit, hasGoneOn)), limit);
      }
      onChange(stage, copy());
    },
    goesOn() {
      hasGoneOn = true;
      timer?.refresh();
    },
    stop: end,
    current: () => times.at(-1)?.stage,
    times: copy,
    signal: late.signal,
  };
}

const tooLong = (stage: RunStage, limitMs: number, hadGoneOn: boolean): StageError =>
  new StageError(
    stage,
    'StageTimedOut',
    `stage ${stage} ${hadGoneOn ? 'brought nothing for' : 'took longer than'} ${limitMs / 1000} s`,
    `see whether the API server, the node and the storage answer, then back up again${
      hadGoneOn || stage === 'exec' ? '; for slow storage, raise NKVM_STALL_TIMEOUT_SECONDS' : ''
    }`,
    'transient'
  );
