import { z } from 'zod';
import type { StageTimes } from '../../api/index.ts';
import { RunStage } from '../../api/index.ts';

/** `[stage, begin, end]` in milliseconds since the run was created: a fifth of the size of the times themselves. */
const Packed = z.tuple([RunStage, z.int(), z.int().nullable()]);

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
  const at = (ms: number) => new Date(Date.parse(createdAt) + ms).toISOString();
  return z
    .array(z.unknown())
    .catch([])
    .parse(packed)
    .flatMap(each => {
      const [stage, begin, end] = Packed.safeParse(each).data ?? [];
      if (stage === undefined || begin === undefined || end === undefined) return [];
      return [{ stage, startedAt: at(begin), endedAt: end === null ? null : at(end) }];
    });
}
