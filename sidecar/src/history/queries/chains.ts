import type { Database } from 'sql.js';

/**
 * @returns ids of the backups that cannot be restored without the archive of the backup `run`, oldest first: those whose archive
 *   is at a destination, or is being made
 */
export function dependentsOf(db: Database, run: string): string[] {
  const rows = db.exec(
    `SELECT id FROM runs WHERE chain IS NOT NULL
      AND chain ->> '$.links[0].runId' = coalesce((SELECT chain ->> '$.links[0].runId' FROM runs WHERE id = ?), ?)
      AND EXISTS (SELECT 1 FROM json_each(chain, '$.links') WHERE value ->> 'runId' = ?)
      AND (status IN ('queued', 'running')
        OR EXISTS (SELECT 1 FROM copies WHERE run_id = runs.id AND state IN ('present', 'missing', 'awaited')))
      ORDER BY id`,
    [run, run, run]
  );
  return (rows[0]?.values ?? []).map(([id]) => String(id));
}

/** @returns see `History.withoutLinksAt`. */
export function withoutLinksAt(
  db: Database,
  destination: string,
  after: string,
  upTo: string
): string[] {
  const rows = db.exec(
    `SELECT run_id FROM copies JOIN runs ON runs.id = run_id
      WHERE destination_id = ? AND run_id > ? AND run_id <= ? AND state = 'present' AND chain IS NOT NULL
      AND EXISTS (SELECT 1 FROM json_each(chain, '$.links') AS link WHERE NOT EXISTS (
        SELECT 1 FROM copies AS needed
          WHERE needed.run_id = link.value ->> 'runId' AND needed.destination_id = copies.destination_id
            AND needed.state = 'present'))
      ORDER BY run_id`,
    [destination, after, upTo]
  );
  return (rows[0]?.values ?? []).map(([id]) => String(id));
}
