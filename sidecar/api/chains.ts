import { z } from 'zod';

const runId = z.string().min(1).max(64);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One archive of a chain. The same at every destination, whatever the form in which the archive is stored there. */
export const ChainLink = z.strictObject({
  runId: runId.describe('id of its backup'),
  archive: z.string().min(1).describe('its name as the helper made it, which ends with `.tar.gz`'),
  bytes: z.int().min(0).describe('of the archive, as the helper made it'),
  sha256: sha256.describe('of the archive, as the helper made it'),
});
export type ChainLink = z.infer<typeof ChainLink>;

/**
 * How an archive takes part in a chain: a full archive, and increments that each hold what has changed since the archive
 * before. All of `links`, in their order, and then the archive itself are needed to restore it.
 */
export const Chain = z.strictObject({
  links: z
    .array(ChainLink)
    .describe(
      'the archives before this one, the full archive first; empty: it is a full archive itself'
    ),
  why: z.string().optional().describe('of a full archive: why it is not an increment'),
});
export type Chain = z.infer<typeof Chain>;
