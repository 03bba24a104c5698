import { z } from 'zod';

/** The former level of a workload, as its annotation `nkvm.io/restore` records it. */
export interface Intent {
  /** The restore that has stopped it. */
  run: string;
  /** Another installation's are never touched. */
  installation: string;
  /** The claim for whose sake it was stopped. */
  claim: string;
  claimUid: string;
  /** Restores that had stopped it before, and had not set it back when this one took over. The newest is last. */
  after?: readonly string[];
  /** The field that is set back: `spec.replicas`, or `spec.suspend` of a CronJob. */
  was: { replicas: number } | { suspend: boolean };
}

const Note = z.object({
  run: z.string().min(1),
  installation: z.string().min(1),
  claim: z.string().default(''),
  claimUid: z.string().default(''),
  after: z.array(z.string()).optional(),
  replicas: z.int().min(0).optional(),
  suspend: z.boolean().optional(),
});

/** @returns the value of the annotation. */
export const noteOf = ({ was, ...about }: Intent): string => JSON.stringify({ ...about, ...was });

/** @returns undefined for a text that NKVM did not write: a person, or a later version, has written it. */
export function intentIn(note: string | undefined): Intent | undefined {
  if (note === undefined) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(note);
  } catch {
    return undefined;
  }
  const { success, data } = Note.safeParse(read);
  if (!success) return undefined;
  const { replicas, suspend, after, ...rest } = data;
  const about = { ...rest, ...(after && { after }) };
  if (replicas !== undefined) return { ...about, was: { replicas } };
  if (suspend !== undefined) return { ...about, was: { suspend } };
  return undefined;
}
