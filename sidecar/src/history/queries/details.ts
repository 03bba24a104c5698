import { z } from 'zod';
import { RestoreComparison, RestoreStep, RestoreTarget, StartDrill } from '../../../api/index.ts';
import { cut } from '../pruning/budget.ts';

/** The claim that an archive was made of, as far as the archive, its manifest or the history says. */
export const ArchiveSource = z.strictObject({
  namespace: z.string().nullable(),
  name: z.string().nullable(),
  uid: z.string().nullable(),
  namespaceUid: z.string().nullable(),
  /** When the backup was asked for, ISO-8601. */
  createdAt: z.string().nullable(),
  /** Name of the cluster, where it is another one than that of the restore; null: NKVM's own. */
  cluster: z.string().nullable().optional(),
});
export type ArchiveSource = z.infer<typeof ArchiveSource>;

/** The request of a restore, and its progress. The claim of its run is the target. */
export const RestoreDetails = z.strictObject({
  kind: z.literal('restore'),
  /** As in the request: id of a backup, `archive:KEY` or `upload:ID`. */
  backup: z.string(),
  /** Key of the archive at its destination. */
  archive: z.string(),
  /** Id of the destination. */
  destination: z.string(),
  source: ArchiveSource,
  target: RestoreTarget,
  /** Null: everything. */
  paths: z.array(z.string()).nullable(),
  scale: z.boolean(),
  safetyBackup: z.boolean(),
  /** The backup that an undo would restore. */
  safetyBackupId: z.string().nullable(),
  /** The restore that this one undoes. */
  undoOf: z.string().nullable(),
  steps: z.array(RestoreStep),
  comparison: RestoreComparison.nullable(),
  /** Bytes of the archive that are to be sent. */
  totalBytes: z.int().min(0).nullable(),
  /** UID of the claim that this run has created; null: it has created none, or writes into one that was there. */
  createdUid: z.string().nullable(),
  /** It is on disk before the first byte is written: from then on the target holds perhaps a part. */
  hasBegunToWrite: z.boolean(),
  /**
   * It is the first restore of a claim that Kubernetes keeps waiting. The claim of the run is that claim; `target` is another
   * one, whose volume is filled and then given to it. Absent: they are the same.
   */
  populates: z
    .strictObject({
      /** Id of the backup, also where the history does not have it. */
      backup: z.string(),
      /** Where the scheduler wants the volume; null: anywhere. */
      node: z.string().nullable(),
    })
    .optional(),
});
export type RestoreDetails = z.infer<typeof RestoreDetails>;

const CHECK = {
  /** Id of the backup whose archive is checked. */
  backup: z.string(),
  /** Bytes that are to be read. */
  totalBytes: z.int().min(0).nullable(),
};

/** A re-read of the copies of a backup. The claim of its run is the one that was backed up. */
export const VerifyDetails = z.strictObject({ kind: z.literal('verify'), ...CHECK });
export type VerifyDetails = z.infer<typeof VerifyDetails>;

/** A restore into a scratch claim. The claim of its run is the one that was backed up. */
export const DrillDetails = z.strictObject({
  kind: z.literal('drill'),
  ...CHECK,
  request: StartDrill,
  comparison: RestoreComparison.nullable(),
  /** Last lines of the check command. */
  output: z.string().nullable(),
  /** The claim that is deleted at the end; null: there is none. */
  scratch: z.strictObject({ name: z.string(), uid: z.string() }).nullable(),
});
export type DrillDetails = z.infer<typeof DrillDetails>;

/** A copy of an archive to another destination. The claim of its run is the one that was backed up. */
export const CopyDetails = z.strictObject({
  kind: z.literal('copy'),
  /** Id of the backup. */
  backup: z.string(),
  /** Id of the destination that it is written to. */
  destination: z.string(),
  /** Bytes of the archive; null: not known. */
  totalBytes: z.int().min(0).nullable(),
});
export type CopyDetails = z.infer<typeof CopyDetails>;

/** Details of runs of some kinds. Backups have none. */
export const RunDetails = z.discriminatedUnion('kind', [
  RestoreDetails,
  VerifyDetails,
  DrillDetails,
  CopyDetails,
]);
export type RunDetails = z.infer<typeof RunDetails>;

// --- as they are read: what an older version did not write has a value, what a later one added is left out ---

const text = z.string().nullable().catch(null);
const flag = z.boolean().catch(false);
const comparison = z.object(RestoreComparison.shape).nullable().catch(null);
const totalBytes = CHECK.totalBytes.catch(null);

const Stored = z.discriminatedUnion('kind', [
  z.object({
    ...RestoreDetails.shape,
    source: z
      .object({
        ...{ namespace: text, name: text, uid: text, namespaceUid: text, createdAt: text },
        cluster: z.string().nullable().optional(),
      })
      .catch({ namespace: null, name: null, uid: null, namespaceUid: null, createdAt: null }),
    target: z.object(RestoreTarget.shape),
    scale: flag,
    safetyBackup: flag,
    safetyBackupId: text,
    undoOf: text,
    steps: z.array(z.object(RestoreStep.shape)).catch([]),
    comparison,
    totalBytes,
    createdUid: text,
    // Not known: then it may have.
    hasBegunToWrite: z.boolean().catch(true),
    populates: z.object({ backup: z.string(), node: z.string().nullable() }).optional(),
  }),
  z.object({ ...VerifyDetails.shape, totalBytes }),
  z.object({ ...CopyDetails.shape, totalBytes }),
  z.object({
    ...DrillDetails.shape,
    totalBytes,
    request: z.object(StartDrill.shape),
    comparison,
    output: text,
    scratch: z.object({ name: z.string(), uid: z.string() }).nullable().catch(null),
  }),
]);

/** @param json what the table has @returns undefined when this version cannot read it: the run is shown without. */
export function readDetails(json: string): RunDetails | undefined {
  try {
    return Stored.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

const EXAMPLES = 10;
const EXAMPLE_BYTES = 256;
const NAMES = 3;
const NAME_BYTES = 128;
const STEP_BYTES = 256;
const OUTPUT_BYTES = 2048;

/**
 * Cuts lists and texts whose length depends on what happened: all of the history is in memory. Details take some 1 KiB, and
 * never more than 10 KiB beside the paths of the request, which are what they are: 64 KiB at most.
 */
export function detailsWithin(details: RunDetails): RunDetails {
  switch (details.kind) {
    case 'verify':
    case 'copy':
      return details;
    case 'drill':
      return {
        ...details,
        comparison: comparisonWithin(details.comparison),
        output: details.output && lastBytes(details.output, OUTPUT_BYTES),
      };
    case 'restore':
      return {
        ...details,
        comparison: comparisonWithin(details.comparison),
        steps: details.steps.map(step => ({ ...step, message: cut(step.message, STEP_BYTES) })),
      };
  }
}

const comparisonWithin = (comparison: RestoreComparison | null): RestoreComparison | null =>
  comparison && {
    ...comparison,
    examples: comparison.examples.slice(0, EXAMPLES).map(each => cut(each, EXAMPLE_BYTES)),
    notRestored: comparison.notRestored.map(({ kind, count, names }) => ({
      kind,
      count,
      names: names.slice(0, NAMES).map(each => cut(each, NAME_BYTES)),
    })),
  };

/** @returns the end of a text, in whole characters. */
function lastBytes(output: string, bytes: number): string {
  const all = Buffer.from(output);
  if (all.length <= bytes) return output;
  return all
    .subarray(all.length - bytes)
    .toString()
    .replace(/^\uFFFD+/, '');
}
