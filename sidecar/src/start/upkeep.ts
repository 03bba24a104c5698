import { archiveOfManifest, parseArchiveName } from '../archive/name.ts';
import { keepCatalogs } from '../backup/catalog/keepCatalogs.ts';
import { readCatalog } from '../backup/catalog/readCatalog.ts';
import { rebuildHistory } from '../backup/rebuildHistory.ts';
import { recover } from '../backup/recover.ts';
import { deleteUnproven } from '../backup/unproven.ts';
import type { Destination } from '../destinations/destination.ts';
import { sameAs } from '../destinations/places/sameStorage.ts';
import { watchSpace } from '../destinations/places/space.ts';
import { sweeperOf } from '../jobs/sweep.ts';
import { scratchSweeper } from '../restore/check/sweepScratch.ts';
import { within } from '../within.ts';
import type { Foundations } from './foundations.ts';
import { preparations } from './preparations.ts';
import { historyPruner } from './pruneHistory.ts';
import type { Runs } from './runs.ts';

/** Leftovers are rare, and cost nothing but space. */
const SWEEP_MS = 5 * 60_000;

/** Archives without a manifest are even rarer, and each look reads the whole directory. */
const CLEAN_ARCHIVES_MS = 60 * 60_000;

/** An application that is down waits for it; a look costs no request. */
const LEFT_STOPPED_MS = 15_000;

/** A pass over 100,000 runs takes a second or two, in short steps. */
const PRUNE_MS = 60 * 60_000;

/** Runs wait for it. The rest is done at the next start. */
const REBUILD_LIMIT_MS = 10 * 60_000;

/** Longer than at the start, when runs wait for it. */
const CATALOG_LIMIT_MS = 3_600_000;

export type Upkeep = Awaited<ReturnType<typeof startUpkeep>>;

/** Starts what an earlier process has left to do, lets runs begin when that is done, and looks after leftovers from then on. */
export async function startUpkeep(foundations: Foundations, runs: Runs) {
  const { life, config, log, now, history, places, destination, looks, inventory } = foundations;
  const { isOwn, clusterName, clusterUid, installation, identity, pods, audit } = foundations;
  const { onEnd, retry, kinds, restores, queue, copies, interrupted } = runs;

  const claimUidOf = (namespace: string, name: string) => inventory.claim(namespace, name)?.uid;
  /** @returns nothing for a namespace that has just been deleted. */
  const factOf = (name: string) => {
    const fact = inventory.namespace(name);
    return fact ? [{ name, uid: fact.uid, createdAt: fact.createdAt }] : [];
  };
  /** Each destination by itself: one that does not answer delays no other. */
  const eachDestination = async (work: (destination: Destination) => Promise<unknown>) =>
    void (await Promise.allSettled(places.all().map(async place => await work(place.use()))));
  const cleanArchives = () =>
    eachDestination(to =>
      deleteUnproven({
        ...{ history, now, audit, clusterName, log },
        ...{ destination: to, signal: life.signal },
        isSame: sameAs(to, places, installation, life.signal),
      })
    );
  const isPrepared = Promise.withResolvers<void>();
  const prepared = await life.start({
    name: 'the preparations',
    start: signal =>
      preparations(
        {
          'runs that a restart interrupted': async () => {
            await recover({ history, places, identity, retry, kinds, now, log, signal });
            interrupted.forEach(onEnd); // those that it has ended
          },
          'the volumes of the cluster': async () => {
            await inventory.ready(config.discoveryTimeoutMs);
            history.fillIdentity(clusterUid, inventory.namespaces().flatMap(factOf));
          },
          'the archives at the destination': () =>
            rebuildHistory({
              history,
              destination,
              identity,
              claimUidOf,
              log,
              isSame: sameAs(destination, places, installation, signal),
              limitMs: REBUILD_LIMIT_MS,
              signal,
            }),
        },
        {
          signal,
          log,
          onDone() {
            isPrepared.resolve();
            queue.resume();
            void cleanArchives();
            void copies.ofAll();
            void restores.tidyUp();
          },
        }
      ),
  });

  // Leftovers of an earlier process. Later, they could not be told from work in progress with former settings.
  // Destinations are those of all clusters: with those of the own one, all temporaries are swept.
  const toSweep = new Set(isOwn ? places.all().map(({ name }) => name) : []);
  const catalogs = await life.start({
    name: 'the catalogs of destinations',
    start: () =>
      keepCatalogs({
        ...{ places, log },
        async rebuild(at, isKnown, signal) {
          await within(signal, isPrepared.promise);
          const isFirst = places.status(at.id)?.version === 0 && toSweep.delete(at.id);
          if (isFirst) await at.sweep({ signal });
          const isNew = (key: string) =>
            !isKnown(parseArchiveName(archiveOfManifest(key) ?? '')?.runId ?? '');
          await rebuildHistory({
            ...{ history, identity, claimUidOf, log, signal },
            isWhileRunning: true,
            isSame: sameAs(at, places, installation, signal),
            limitMs: CATALOG_LIMIT_MS,
            destination: {
              ...at,
              list: ({ wanted = () => true, ...listing } = {}) =>
                at.list({ ...listing, wanted: key => isNew(key) && wanted(key) }),
            },
          });
        },
        read: (at, signal) =>
          readCatalog({ destination: at, history, installation, now, log, signal }),
      }),
    stop: kept => kept.stop(),
  });
  const space = await life.start({
    name: 'the health checks of destinations',
    start: () => watchSpace({ places }),
    stop: watched => watched.stop(),
  });

  const isUnderWay = (id: string) => queue.isRunning(id) || looks.has(id);
  const sweepHelpers = sweeperOf({
    ...{ pods, installation, isUnderWay, log },
    // At other destinations, what is under way with earlier settings looks the same: see the catalogs.
    sweepDestinations: async () => (isOwn ? await destination.sweep() : 0),
  });
  const sweepScratch = scratchSweeper({ ...restores.world, inventory, isUnderWay, log });
  const sweep = () => void Promise.all([sweepHelpers(), sweepScratch()]);
  await life.start({
    name: 'the sweep',
    start() {
      sweep();
      return [
        setInterval(sweep, SWEEP_MS),
        setInterval(cleanArchives, CLEAN_ARCHIVES_MS),
        setInterval(() => prepared.isReady() && void copies.ofAll(), SWEEP_MS),
      ];
    },
    stop: timers => timers.forEach(clearInterval),
  });

  await life.start({
    name: 'the watch for workloads that a restore has left stopped',
    start: () => setInterval(() => prepared.isReady() && void restores.tidyUp(), LEFT_STOPPED_MS),
    stop: clearInterval,
  });
  const prune = historyPruner({
    ...{ history, inventory, places, log },
    rules: config.historyRules,
    signal: life.signal,
  });
  await life.start({
    name: 'the pruning of the history',
    start: () => setInterval(() => prepared.isReady() && void prune(), PRUNE_MS),
    stop: clearInterval,
  });
  return { prepared, catalogs, space };
}
