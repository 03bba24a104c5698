import { z } from 'zod';

/** A limit that an answer has met: it does not have everything, or does not know everything. */
export const MetLimit = z.strictObject({
  reason: z
    .enum(['NamespaceScan', 'ListLength', 'DestinationFailed'])
    .describe(
      'NamespaceScan: rights were looked up in NKVM_MAX_NAMESPACE_SCAN namespaces; ListLength: the list is longer; DestinationFailed: a destination gave no list, or a part of it'
    ),
  message: z.string().describe('where NKVM stopped, and what is missing'),
  hint: z.string().describe('how to ask for the rest'),
});
export type MetLimit = z.infer<typeof MetLimit>;

/** In every answer with a list that can be cut. */
export const metLimits = z
  .array(MetLimit)
  .optional()
  .describe('limits that this answer has met; absent: nothing is missing');
