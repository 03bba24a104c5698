import { z } from 'zod';
import { StageError, textOf } from '../../errors.ts';
import { faultOfKey } from '../common/key.ts';
import type { Call, Stored } from '../destination.ts';
import type { Restic } from './command.ts';

/** Tag of the snapshots that are archives, manifests and indexes. */
export const TAG = 'nkvm';

/** A file of one snapshot. */
export interface StoredSnapshot extends Stored {
  id: string;
}

const Listed = z.array(
  z.object({
    id: z.string().regex(/^[0-9a-f]{64}$/),
    time: z.string(),
    paths: z.array(z.string()),
    summary: z.object({ total_bytes_processed: z.int().min(0) }).optional(),
  })
);

/** A snapshot is one file, whose name is the key. */
export async function readSnapshots(
  restic: Restic,
  place: string,
  call: Call = {}
): Promise<Map<string, StoredSnapshot>> {
  const text = await restic.run('checksum', ['snapshots', '--json', '--tag', TAG], call);
  return snapshotsIn(text, place);
}

/**
 * @returns by key; where two processes have stored one key at the same moment, the earlier one counts for everybody
 * @throws StageError when it is not a whole list: a list that is cut short concludes nothing
 */
export function snapshotsIn(text: string, place: string): Map<string, StoredSnapshot> {
  let listed: z.infer<typeof Listed>;
  try {
    listed = Listed.parse(JSON.parse(text) ?? []);
  } catch (error) {
    throw new StageError(
      'checksum',
      'ResticFailed',
      `destination ${place}: the list of snapshots cannot be read: ${textOf(error).slice(0, 200)}`,
      'see what restic snapshots --json says',
      'unknown',
      { cause: error }
    );
  }
  const found = new Map<string, StoredSnapshot>();
  const inOrder = listed
    .map(each => ({ ...each, at: new Date(each.time) }))
    .sort((a, b) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : 1));
  for (const { id, at, paths, summary } of inOrder) {
    const key = paths.length === 1 ? paths[0]?.replace(/^\//, '') : undefined;
    if (key === undefined || !summary || faultOfKey(key) || found.has(key)) continue;
    found.set(key, { key, id, bytes: summary.total_bytes_processed, modifiedAt: at });
  }
  return found;
}
