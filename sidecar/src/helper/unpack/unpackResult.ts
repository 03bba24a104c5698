import { z } from 'zod';
import { RestoreComparison } from '../../../api/index.ts';
import { visible } from '../../../api/visible.ts';

const count = z.int().min(0);
const exit = z.int().nullable();

/** The file `result` of the pod, see program/job.ts. */
export const UnpackResult = z.object({
  version: z.literal(1),
  refused: z
    .object({
      reason: z.string(),
      message: z.string().transform(visible),
      entry: z.string().nullable(),
      hasWritten: z.boolean(),
    })
    .nullable(),
  received: z.object({ bytes: count, sha256: z.string() }).nullable(),
  decompressorExit: exit,
  tarExit: exit,
  packExit: exit,
  entries: count,
  rawBytes: count,
  replaced: count,
  deleted: count,
  errors: count,
  messages: z.array(z.string().transform(visible)),
  leftOverNames: z.array(z.string()),
  comparison: RestoreComparison.nullable(),
});
export type UnpackResult = z.infer<typeof UnpackResult>;
