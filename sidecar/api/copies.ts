import { z } from 'zod';
import { BackupStatus } from './backups.ts';
import { FailureClass, Stage } from './errors.ts';

/** A run that reads a proven copy of a backup, writes it to another destination, and proves it there. */
export const CopyRun = z.strictObject({
  id: z.string(),
  backup: z.string().describe('id of the backup'),
  destination: z.string().describe('id of the destination that it writes to'),
  namespace: z.string(),
  name: z.string(),
  status: BackupStatus,
  stage: Stage.nullable(),
  bytes: z.int().nullable().describe('bytes of the archive that were written so far'),
  totalBytes: z.int().nullable(),
  message: z.string(),
  reason: z.string().nullable(),
  hint: z.string().nullable(),
  failureClass: FailureClass.nullable(),
  warnings: z.array(z.string()),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  attempt: z.int().min(1),
  retryAt: z.iso.datetime().nullable(),
  requestedBy: z.string(),
});
export type CopyRun = z.infer<typeof CopyRun>;

export const StartedCopy = z.strictObject({ copy: CopyRun });
export type StartedCopy = z.infer<typeof StartedCopy>;
