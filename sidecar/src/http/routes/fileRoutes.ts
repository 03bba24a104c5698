import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { ArchiveParams, FileList, FileQuery, Problem } from '../../../api/index.ts';
import { nodeAt } from '../../archive/index/select.ts';
import { ROOT } from '../../archive/index/table.ts';
import type { Archives } from '../../browse/archives.ts';
import { openWithin, untilGone } from '../downloads/indexWait.ts';
import { Refusal } from '../entry/problems.ts';
import type { ArchiveAccess } from '../rights/archiveAccess.ts';
import { READ_ARCHIVE } from '../rights/declared.ts';
import { streamPlaces } from '../streams/streamLimits.ts';
import { pageCursor } from '../views/pageCursor.ts';

export interface FileRoutes {
  access: ArchiveAccess;
  archives: Archives;
}

/** The contents of an archive. */
export const fileRoutes =
  ({ access, archives }: FileRoutes): FastifyPluginAsyncZod =>
  async app => {
    const takePlace = streamPlaces(LIST_LIMITS, tooManyLists);
    app.get(
      '/backups/:id/files',
      {
        config: { rights: { needs: [READ_ARCHIVE] } },
        schema: {
          summary: 'List the files of an archive',
          description:
            'The entries of one folder, or with `search` all below it whose names have the text. ' +
            'An archive without an index is read as a whole first; until then the answer is 503 with reason `IndexBeingMade`.',
          params: ArchiveParams,
          querystring: FileQuery,
          response: { 200: FileList, default: Problem },
        },
      },
      async ({ caller, params, query }, reply) => {
        const { cursor, limit, after, before, path, ...asked } = query;
        const signal = untilGone(reply);
        const archive = await access.find(caller, params.id);
        const pages = pageCursor([params.id, path, after, before, asked]);
        const from = pages.from(cursor);
        const leave = takePlace(caller);
        try {
          const { index, listing, origin, canReadRanges } = await openWithin(
            archives,
            await archive.ref(signal),
            signal
          );
          const node = path === '' ? ROOT : nodeAt(index, path);
          if (!index.isDirectory(node)) throw notADirectory(path);
          const { nodes, total } = await listing.page(
            { ...asked, node, after: secondsOf(after), before: secondsOf(before) },
            from,
            limit
          );
          return {
            files: nodes.map(each => index.entryOf(each)),
            total,
            nextCursor: pages.next(from + nodes.length, total),
            index: origin,
            canReadRanges,
          };
        } finally {
          leave();
        }
      }
    );
  };

/** A search through a million names takes a part of a second of the one thread that there is. */
const LIST_LIMITS = { perToken: 6, perUser: 12, total: 24 };

const tooManyLists = (most: number, whose: string): Refusal =>
  new Refusal(
    429,
    'TooManyLists',
    `${most} lists of files are being made ${whose}, and no more are allowed`,
    'wait until one of them is ready'
  );

const secondsOf = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time) / 1000;

const notADirectory = (path: string): Refusal =>
  new Refusal(422, 'NotADirectory', `${path} is not a folder`, 'list the folder that contains it');
