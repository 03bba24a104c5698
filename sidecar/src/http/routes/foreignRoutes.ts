import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { MetLimit } from '../../../api/index.ts';
import { ForeignArchives, LOCAL_DESTINATION, Problem } from '../../../api/index.ts';
import { manifestName, parseArchiveName } from '../../archive/name.ts';
import type { Destination, Stored } from '../../destinations/destination.ts';
import { foreignName } from '../../destinations/foreignArchive.ts';
import type { Place, Places } from '../../destinations/places.ts';
import { untilGone } from '../downloads/indexWait.ts';
import { limitsOf } from '../entry/limits.ts';
import { isArchiveName } from '../rights/archiveAccess.ts';
import { inAllNamespaces } from '../rights/declared.ts';
import type { ForeignRights } from '../rights/foreignRights.ts';

export interface ForeignRoutes {
  places: Places;
  /** Of all clusters. */
  isKnown(run: string, destination: string, key: string): boolean;
  foreign: Pick<ForeignRights, 'has'>;
}

interface ForeignFile {
  stored: Stored;
  place: Place;
  destination: Destination;
}

/** How many are listed. */
const MOST = 500;

/** Archives at the destination that no backup here has: of another installation, or placed there by hand. */
export const foreignRoutes =
  ({ places, isKnown, foreign }: ForeignRoutes): FastifyPluginAsyncZod =>
  async app => {
    const isForeign = (destination: string, key: string): boolean => {
      if (!isArchiveName(key)) return false;
      return !isKnown(parseArchiveName(key)?.runId ?? '', destination, key);
    };

    /** @returns at most `MOST` and one page; with a limit where the destination did not give all. */
    const foreignAt = async (place: Place, signal: AbortSignal) => {
      const found: ForeignFile[] = [];
      try {
        const destination = place.use();
        const wanted = (key: string) => isForeign(place.name, key);
        for await (const page of destination.list({ wanted, signal })) {
          found.push(...page.map(stored => ({ stored, place, destination })));
          if (found.length > MOST) break;
        }
      } catch (error) {
        signal.throwIfAborted();
        // The one of the settings is all that there is for most: its failure is the answer.
        if (place.name === LOCAL_DESTINATION) throw error;
        return { found, limit: failedAt(place.name) };
      }
      return { found, limit: undefined };
    };

    app.get(
      '/archives',
      {
        config: { rights: { needs: [inAllNamespaces('get', 'archive')] } },
        schema: {
          summary: 'List archives that no backup here has',
          description:
            'Archives of other installations, or placed at the destination by hand. They are restored as `archive:KEY`; `key` begins with `DESTINATION/` where that is not the one of the settings.',
          response: { 200: ForeignArchives, default: Problem },
        },
      },
      async ({ caller }, reply) => {
        const signal = untilGone(reply);
        const looks = await Promise.all(places.all().map(place => foreignAt(place, signal)));
        const all = looks.flatMap(look => look.found);
        const mayRead = await Promise.all(
          all.map(({ stored, place }) =>
            foreign.has(caller, foreignName({ destination: place.name, key: stored.key }))
          )
        );
        const found = all.filter((_, at) => mayRead[at]);
        found.sort((a, b) => b.stored.modifiedAt.getTime() - a.stored.modifiedAt.getTime());
        const archives = found.slice(0, MOST).map(async ({ stored, place, destination }) => {
          const { bytes, modifiedAt } = stored;
          const parts = parseArchiveName(stored.key);
          const manifest = await destination.stat(manifestName(stored.key), { signal });
          return {
            key: foreignName({ destination: place.name, key: stored.key }),
            ...{ bytes, modifiedAt: modifiedAt.toISOString() },
            hasManifest: manifest !== undefined,
            cluster: parts?.cluster ?? null,
            namespace: parts?.namespace ?? null,
            name: parts && !parts.shortened ? parts.pvc : null,
          };
        });
        return {
          archives: await Promise.all(archives),
          isComplete: found.length <= MOST && looks.every(({ limit }) => !limit),
          ...limitsOf(
            found.length > MOST ? moreThanListed() : undefined,
            ...looks.map(({ limit }) => limit)
          ),
        };
      }
    );
  };

const moreThanListed = (): MetLimit => ({
  reason: 'ListLength',
  message: `the list has ${MOST} archives, and there are more`,
  hint: 'restore one that is missing by its name, as archive:KEY or archive:DESTINATION/KEY; the storage itself lists all',
});

const failedAt = (destination: string): MetLimit => ({
  reason: 'DestinationFailed',
  message: `destination ${destination} did not list all of its archives`,
  hint: `test the destination: POST /api/v1/destinations/${destination}/check names the step that fails`,
});
