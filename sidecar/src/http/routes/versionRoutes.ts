import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import {
  ArchiveComparison,
  ArchiveParams,
  ComparisonQuery,
  FileVersions,
  Problem,
  VersionQuery,
} from '../../../api/index.ts';
import type { ArchiveIndex } from '../../archive/index/archiveIndex.ts';
import type { IndexComparison } from '../../archive/index/compare.ts';
import { compareIndexes, REMOVED } from '../../archive/index/compare.ts';
import type { Archives } from '../../browse/archives.ts';
import { sharedCache } from '../../browse/sharedCache.ts';
import type { Looked } from '../../browse/versions.ts';
import { versionsOf } from '../../browse/versions.ts';
import type { History, RunRecord } from '../../history/history.ts';
import { writeCursor } from '../../history/queries/cursor.ts';
import { openWithin, untilGone } from '../downloads/indexWait.ts';
import { Refusal } from '../entry/problems.ts';
import type { ArchiveAccess } from '../rights/archiveAccess.ts';
import { onArchive, READ_ARCHIVE } from '../rights/declared.ts';
import { pageCursor } from '../views/pageCursor.ts';

export interface VersionRoutes {
  access: ArchiveAccess;
  archives: Archives;
  history: Pick<History, 'list'>;
}

const KINDS = ['added', 'removed', 'changed'] as const;
const KEEP_BYTES = 16 * 1024 * 1024;
const KEEP_MS = 60_000;

/** One file in all archives of a volume, and two archives beside each other. */
export const versionRoutes =
  ({ access, archives, history }: VersionRoutes): FastifyPluginAsyncZod =>
  async app => {
    const comparisons = sharedCache<IndexComparison>({
      keepBytes: KEEP_BYTES,
      keepMs: KEEP_MS,
      sizeOf: ({ kinds }) => kinds.length * 9,
    });
    app.addHook('onClose', async () => comparisons.stop());
    // A comparison names places in these very indexes. Two archives may have one name, at two destinations or one after the other.
    const numbers = new WeakMap<ArchiveIndex, number>();
    let numbered = 0;
    const numberOf = (index: ArchiveIndex): number => {
      const number = numbers.get(index) ?? ++numbered;
      numbers.set(index, number);
      return number;
    };

    app.get(
      '/backups/:id/files/versions',
      {
        config: { rights: { needs: [onArchive('get', 'archive')] } },
        schema: {
          summary: 'One file in all archives of the volume, newest first',
          description:
            'A page has few archives, because each has to be opened. `unknown`: an archive that cannot be read, or a ' +
            'big one without an index; listing its files makes one.',
          params: ArchiveParams,
          querystring: VersionQuery,
          response: { 200: FileVersions, default: Problem },
        },
      },
      async ({ caller, params, query: { path, cursor, limit } }, reply) => {
        const signal = untilGone(reply);
        const { run } = await access.find(caller, params.id);
        if (!run) throw noVolume(params.id);
        // One more than is shown: the last one that is shown is compared with it.
        const runs = backupsOfVolume(history, run, cursor, limit + 1);
        const looked: Looked[] = [];
        for (const each of runs) {
          const archive = await access.ofRun(caller, each);
          const open = async () => {
            const ref = await archive?.ref(signal);
            return ref && (await archives.openQuickly(ref, signal));
          };
          looked.push((await open().catch(() => undefined)) ?? 'unknown');
          signal.throwIfAborted();
        }
        const versions = versionsOf(path, looked).map(({ state, node, isSame }, at) => {
          const archive = looked[at];
          return {
            backup: runs[at]!.id,
            createdAt: runs[at]!.createdAt,
            state,
            file:
              archive && archive !== 'unknown' && node >= 0 ? archive.index.entryOf(node) : null,
            isSame,
          };
        });
        const last = runs[limit - 1];
        return {
          versions: versions.slice(0, limit),
          nextCursor: last && runs.length > limit ? writeCursor(last) : null,
        };
      }
    );

    app.get(
      '/backups/:id/comparison',
      {
        config: { rights: { needs: [READ_ARCHIVE] } },
        schema: {
          summary: 'Changes from an older archive to this one',
          description:
            'By type, size, time, mode, owner and target of a symbolic link, as the indexes of the archives say.',
          params: ArchiveParams,
          querystring: ComparisonQuery,
          response: { 200: ArchiveComparison, default: Problem },
        },
      },
      async ({ caller, params, query: { with: other, path, cursor, limit } }, reply) => {
        const signal = untilGone(reply);
        const pages = pageCursor([params.id, other, path]);
        const from = pages.from(cursor);
        const open = async (id: string) => {
          const archive = await access.find(caller, id);
          return await openWithin(archives, await archive.ref(signal), signal);
        };
        const later = await open(params.id);
        const earlier = await open(other);
        const top = { later: later.index.nodeOf(path), earlier: earlier.index.nodeOf(path) };
        if (top.later < 0 && top.earlier < 0) throw noSuchPath(path);
        const result = await comparisons.get(
          JSON.stringify([numberOf(later.index), numberOf(earlier.index), path]),
          () => compareIndexes(later.index, earlier.index, top),
          signal
        );
        const { added, removed, changed, same, kinds } = result;
        const to = Math.min(from + limit, kinds.length);
        return {
          ...{ added, removed, changed, same },
          changes: changesOf(result, { later: later.index, earlier: earlier.index }, from, to),
          nextCursor: pages.next(to, kinds.length),
        };
      }
    );
  };

/** @returns the successful backups of a claim and of no other one of that name, from the newest on. */
function backupsOfVolume(
  history: Pick<History, 'list'>,
  { namespace, name, uid, namespaceUid }: RunRecord,
  cursor: string | undefined,
  count: number
): RunRecord[] {
  const runs: RunRecord[] = [];
  let next: string | null | undefined = cursor;
  do {
    const page = history.list({
      ...{ namespace, name, status: 'success', limit: count },
      ...(next && { cursor: next }),
    });
    runs.push(
      ...page.backups.filter(each => each.uid === uid && each.namespaceUid === namespaceUid)
    );
    next = page.nextCursor;
  } while (next && runs.length < count);
  return runs.slice(0, count);
}

function changesOf(
  { kinds, nodes, before }: IndexComparison,
  { later, earlier }: { later: ArchiveIndex; earlier: ArchiveIndex },
  from: number,
  to: number
) {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => {
    const kind = kinds[from + at]!;
    const old = kind === 0 ? null : earlier.entryOf(before[from + at]!);
    const file = kind === REMOVED ? old! : later.entryOf(nodes[from + at]!);
    return { change: KINDS[kind] ?? 'changed', file, before: kind === REMOVED ? null : old };
  });
}

const noVolume = (id: string): Refusal =>
  new Refusal(
    422,
    'NoVersions',
    `the volume of ${id} is not known`,
    'ask for the versions with the id of a backup'
  );

const noSuchPath = (path: string): Refusal =>
  new Refusal(404, 'PathNotInArchive', `neither archive has ${path}`, 'choose another path');
