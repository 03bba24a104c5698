import { z } from 'zod';
import { Scope } from './access.ts';

/** Facts about this installation that a caller may know. */
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
  scope: Scope,
  namespaceSelector: z
    .string()
    .nullable()
    .describe('NKVM_NAMESPACE_SELECTOR; null without the right above, or where it is not set'),
  maxParallel: z.int(),
  user: z.string().describe('the user that the token belongs to'),
});
export type Info = z.infer<typeof Info>;
