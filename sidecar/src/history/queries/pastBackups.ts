import type { Database } from 'sql.js';
import { PRIORITIES, STATUSES } from '../../../api/index.ts';
import type { PastBackup } from '../history.ts';
import type { ClaimOf } from './claimHeads.ts';

/** A claim that is backed up every 5 minutes has fewer in 30 days. */
const LIMIT = 10_000;

/** @returns see `History.backupsSince`. It is read along the index by claim: 720 of 100,000 runs take 4 ms. */
export const pastBackups = (
  db: Database,
  { namespace, name, uid }: Omit<ClaimOf, 'namespaceUid'>,
  since: string
): PastBackup[] =>
  (
    db.exec(
      `SELECT id, created_at, status, priority FROM runs
        WHERE namespace = ? AND pvc_name = ? AND created_at >= ? AND pvc_uid = ? AND kind = 'backup'
        ORDER BY created_at DESC, id DESC LIMIT ${LIMIT}`,
      [namespace, name, since, uid]
    )[0]?.values ?? []
  ).flatMap(([id, createdAt, stored, priority]) => {
    const status = STATUSES.find(each => each === stored);
    // A status that only a later version knows says nothing.
    if (!status) return [];
    return [
      {
        id: String(id),
        createdAt: String(createdAt),
        status,
        priority: PRIORITIES.find(each => each === priority) ?? 'on-demand',
      },
    ];
  });
