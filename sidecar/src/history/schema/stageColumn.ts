import type { RunStage, StageTimes } from '../../../api/index.ts';
import { RUN_STAGES } from '../../../api/index.ts';

/** `[stage, begin, end]` in milliseconds since the run was created: a fifth of the size of the times themselves. */
type Packed = [stage: RunStage, begin: number, end: number | null];

/** @returns the text of the column `stages`. */
export function packStages(stages: readonly StageTimes[], createdAt: string): string {
  const since = (time: string) => Date.parse(time) - Date.parse(createdAt);
  return JSON.stringify(
    stages.map(({ stage, startedAt, endedAt }) => [
      stage,
      since(startedAt),
      endedAt === null ? null : since(endedAt),
    ])
  );
}

/** @returns what `packStages` was given, parsed from JSON. Stages that only a later version knows are left out. */
export function unpackStages(packed: unknown, createdAt: string): StageTimes[] {
  if (!Array.isArray(packed)) return [];
  const created = Date.parse(createdAt);
  const at = (ms: number) => new Date(created + ms).toISOString();
  return packed.filter(isPacked).map(([stage, begin, end]) => ({
    stage,
    startedAt: at(begin),
    endedAt: end === null ? null : at(end),
  }));
}

function isPacked(value: unknown): value is Packed {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [stage, begin, end] = value;
  return (
    RUN_STAGES.includes(stage) &&
    Number.isSafeInteger(begin) &&
    (end === null || Number.isSafeInteger(end))
  );
}
