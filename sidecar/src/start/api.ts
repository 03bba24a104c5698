import { checkResultsPath, openCheckResults } from '../destinations/places/checkResults.ts';
import { checksOf } from '../destinations/places/checks.ts';
import { rightsOf } from '../http/rights/rights.ts';
import { buildServer } from '../http/server.ts';
import { registerAuditMetrics } from '../observe/auditMetrics.ts';
import { registerDestinationGauges } from '../observe/destinationGauges.ts';
import { metricsOfAll } from '../observe/metricsOfAll.ts';
import { VERSION } from '../version.ts';
import type { ClusterWorlds } from './clusterWorlds.ts';
import { otherClusters } from './otherClusters.ts';
import type { World } from './world.ts';

/** Starts the API, in the place of what has answered until now. */
export async function startApi(own: World, worlds: ClusterWorlds): Promise<void> {
  const { life, config, log, now, door, doctor, learn, history, destination, inventory } = own;
  const {
    clusterName,
    access,
    open,
    readsAs,
    places,
    fence,
    archives,
    uploads,
    coverage,
    retention,
  } = own;
  const { clusters, audit } = own;
  const { prepared, catalogs, space } = own.upkeep;
  const { metrics, restores, queue, admission, push } = own.runs;
  registerDestinationGauges(metrics.registry, () =>
    places.all().map(({ name }) => ({
      ...{ name, state: places.status(name)?.state ?? 'unknown', freeBytes: space.freeBytes(name) },
      lastProvenAt: history.provenAt(name).lastProvenAt,
      archives: catalogs.of(name)?.catalog?.archives ?? null,
      bytes: catalogs.of(name)?.catalog?.bytes ?? null,
    }))
  );
  registerAuditMetrics(metrics.registry, audit);
  const rights = rightsOf(access);
  const registriesOfOthers = () =>
    worlds.names().flatMap(name => {
      const now = worlds.of(name);
      return now?.state === 'ready' ? [now.world.runs.metrics.registry] : [];
    });
  const results = await openCheckResults(checkResultsPath(config.metadataDbPath), { fence, log });
  const readiness = () => ({
    isReady: inventory.isReady() && prepared.isReady(),
    says: [
      ...prepared.left(),
      ...queue.waitsFor(),
      ...(history.problem() ? [`the history is read-only: ${history.problem()?.message}`] : []),
      ...stillStopped(restores.scaler.problems().length),
      ...inventory.problems(),
      ...places.problems(),
    ],
  });
  learn({ inventory, open, push: push?.where ?? null, protection: coverage.latest, readiness });
  const server = await life.start({
    name: 'the API',
    start: () =>
      buildServer({
        queue,
        history,
        inventory,
        open,
        readsAs,
        access,
        destination,
        archivePlaces: places,
        archives,
        uploads,
        admission,
        ...{ places, catalogs, space, coverage, retention },
        checks: checksOf({ places, results, now }),
        restores: restores.engine,
        drills: restores.engine,
        rights,
        clusterAdmin: clusters,
        clusters: otherClusters(own, rights, worlds),
        maxNamespaceScan: config.maxNamespaceScan,
        installation: {
          version: VERSION,
          cluster: clusterName,
          namespace: config.namespace,
          backupDir: config.backupDir,
          maxParallel: config.maxParallel,
          namespaceSelector: config.namespaceSelector?.text ?? null,
        },
        ...{ doctor, readiness },
        metrics: metricsOfAll(metrics.registry, registriesOfOthers),
        audit,
        log,
      }),
    stop(built) {
      door.shut();
      return built.close();
    },
  });
  await server.ready();
  door.open(server.routing);
}

/** Without names: nobody has said who asks. The log, and Events on the claims, have them. */
const stillStopped = (count: number): string[] =>
  count === 0
    ? []
    : [
        `workloads that restores have stopped and not set back: ${count}; the log says which and why`,
      ];
