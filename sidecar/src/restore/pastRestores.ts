import type { History, RunRecord } from '../history/history.ts';
import type { PastRestore } from './scale/partHolder.ts';

/** Each looks at many runs; a claim that was restored into more often has other problems. */
const MOST_PAGES = 20;
const PAGE = 500;

/** @returns what the history knows of the restores into a claim, newest first. */
export function pastRestores(
  history: Pick<History, 'list'>,
  { namespace, name, uid }: { namespace: string; name: string; uid: string }
): PastRestore[] {
  const found: PastRestore[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const query = { namespace, name, limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const { backups, nextCursor } = history.list(query, undefined, ['restore']);
    found.push(...backups.filter(run => uid === '' || run.uid === uid).map(pastRestore));
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return found;
}

function pastRestore(run: RunRecord): PastRestore {
  const { id, status, details } = run;
  // A run whose details cannot be read may have written.
  if (details?.kind !== 'restore') {
    return { id, hasWritten: status !== 'success', isWhole: false, isProven: status === 'success' };
  }
  return {
    id,
    hasWritten: details.target.mode !== 'new' && details.hasBegunToWrite,
    isWhole: details.paths === null,
    isProven: status === 'success',
  };
}
