import { z } from 'zod';
import { FAILURE_CLASSES, STAGES } from './names.ts';

export const Stage = z.enum(STAGES);
export type Stage = z.infer<typeof Stage>;

/**
 * Tells whether another attempt makes sense: `transient` may pass by itself, `needs-action` comes again until a person
 * changes something; `unknown` is tried again like a transient one.
 */
export const FailureClass = z.enum(FAILURE_CLASSES);
export type FailureClass = z.infer<typeof FailureClass>;

/**
 * The body of every answer that is not 2xx: RFC 9457 (`application/problem+json`) and the fields that people need.
 * `message` repeats `detail`, because Headlamp keeps nothing else of an error's body.
 */
export const Problem = z.strictObject({
  type: z
    .string()
    .describe('URI of the kind of problem; its last segment is `reason` in kebab case'),
  title: z.string().describe('the kind of problem in a few words'),
  status: z.int().describe('the HTTP status'),
  detail: z.string().describe('what is wrong, with the names of what it concerns'),
  message: z.string().describe('`detail` and `hint` in one sentence'),
  reason: z.string().describe('stable, for programs: e.g. `ClaimNotFound`'),
  hint: z.string().describe('what to do next'),
  stage: Stage.optional(),
  errorId: z.string().optional().describe('find it in the log; set where the fault is ours'),
  errors: z
    .array(z.strictObject({ path: z.string(), message: z.string() }))
    .optional()
    .describe('one entry for each wrong field of the request'),
});
export type Problem = z.infer<typeof Problem>;
