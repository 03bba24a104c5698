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

/** @returns see `History.incrementsAt`. */
export function incrementsAt(
  db: Database,
  destination: string,
  after: string,
  limit: number
): { run: string; needs: string[] }[] {
  const rows = db.exec(
    `SELECT run_id, (SELECT json_group_array(value ->> 'runId') FROM json_each(chain, '$.links'))
      FROM copies JOIN runs ON runs.id = run_id
      WHERE destination_id = ? AND run_id > ? AND state = 'present' AND json_array_length(chain, '$.links') > 0
      ORDER BY run_id LIMIT ?`,
    [destination, after, limit]
  );
  return (rows[0]?.values ?? []).map(([run, needs]) => ({
    run: String(run),
    needs: JSON.parse(String(needs)) as string[],
  }));
}
