import { z } from 'zod';

/** What a caller may know of this installation. */
export const Info = z.strictObject({
  name: z.literal('nkvm'),
  version: z.string(),
  cluster: z.string().describe('first part of every archive name'),
  namespace: z.string(),
  backupDir: z
    .string()
    .nullable()
    .describe('null without the right `get settings.nkvm.io` in the namespace of NKVM'),
  freeBytes: z
    .number()
    .nullable()
    .describe('space left in the backup directory; null without that right, or when it is unknown'),
  maxParallel: z.int(),
  user: z.string().describe('who the token says that the caller is'),
});
export type Info = z.infer<typeof Info>;
