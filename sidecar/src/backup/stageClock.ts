import type { RunStage, StageTimes } from '../../api/index.ts';

/** Notes when the stages of one run begin and end. */
export interface StageClock {
  /** Ends the stage before, and begins `stage`. */
  enter(stage: RunStage): void;
  /** Ends the last stage. */
  stop(): void;
  /** @returns the stages so far, in their order. */
  times(): StageTimes[];
}

/** @param onChange is told the new stage and all times. */
export function stageClock(
  now: () => Date,
  onChange: (stage: RunStage, times: StageTimes[]) => void
): StageClock {
  const times: StageTimes[] = [];
  const end = () => {
    const last = times.at(-1);
    if (last && last.endedAt === null) last.endedAt = now().toISOString();
  };
  const copy = () => times.map(each => ({ ...each }));
  return {
    enter(stage) {
      end();
      times.push({ stage, startedAt: now().toISOString(), endedAt: null });
      onChange(stage, copy());
    },
    stop: end,
    times: copy,
  };
}
