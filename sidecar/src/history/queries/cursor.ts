import { StageError } from '../../errors.ts';

/** The last run of a page: the next page begins with the one after it. */
export interface Position {
  /** As the table has it: ISO-8601 in UTC with milliseconds. */
  createdAt: string;
  id: string;
}

/** @returns an opaque word, fit for a URL. */
export const writeCursor = ({ createdAt, id }: Position): string =>
  Buffer.from(`${createdAt} ${id}`).toString('base64url');

/** @throws StageError (stage `queue`, reason `BadCursor`) when the cursor is not one of NKVM. */
export function readCursor(cursor: string): Position {
  const [, createdAt, id] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S+)$/.exec(
      Buffer.from(cursor, 'base64url').toString()
    ) ?? [];
  // Node skips characters that are not base64url: only what we would write ourselves is taken.
  if (createdAt && id && writeCursor({ createdAt, id }) === cursor) return { createdAt, id };
  throw new StageError(
    'queue',
    'BadCursor',
    'cursor is not from a page of this list',
    'send `nextCursor` of the previous page unchanged, or leave it out for the first page',
    'needs-action'
  );
}
