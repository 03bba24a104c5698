import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Cluster } from '../../../api/index.ts';
import {
  AddCluster,
  ClusterCheck,
  ClusterList,
  ClusterName,
  Problem,
  ReplaceCluster,
} from '../../../api/index.ts';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { CheckRequest, ClusterRegistry, ListedCluster } from '../../clusters/registry.ts';
import { ClusterRefusal } from '../../clusters/registry.ts';
import type { ClusterNow, OtherClusters } from '../clusters/clusters.ts';
import { Refusal } from '../entry/problems.ts';
import type { ShowingRight } from '../rights/declared.ts';
import { inAllNamespaces, inNkvm } from '../rights/declared.ts';
import type { Rights } from '../rights/rights.ts';
import { whileConnected } from '../streams/whileConnected.ts';

/** NKVM's own cluster. */
export interface OwnCluster {
  uid: string;
  server: string;
  /** Null where the API server did not say. */
  version(): Promise<string | null>;
}

export interface ClusterRoutes {
  registry: ClusterRegistry;
  ownCluster: OwnCluster;
  /** Absent: none is used. */
  clusters?: Pick<OtherClusters, 'of'>;
  rights: Rights;
  inventory: Pick<Inventory, 'claims' | 'isReady'>;
  installation: { namespace: string; cluster: string };
}

const Params = z.strictObject({ name: ClusterName });

const SHOWS: ShowingRight[] = [
  { ...inNkvm('get', 'clusters'), what: 'other clusters, addresses, versions and UIDs' },
  { ...inAllNamespaces('list'), what: 'the number of volumes' },
  { ...inNkvm('create', 'clusters'), what: '`mayAdd`' },
  { ...inNkvm('update', 'clusters'), what: '`mayManage`' },
];

const STATUS_OF: Record<string, number> = {
  ClusterNotFound: 404,
  ClusterKnownAlready: 409,
  ClusterReplaced: 409,
  ClusterNameRefused: 409,
  ClusterFromFile: 409,
  ClusterSecretExists: 409,
  ClusterSecretNotWritten: 409,
};

/** The clusters that NKVM looks after. A kubeconfig goes in, and never comes out again. */
export const clusterRoutes =
  (world: ClusterRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { registry, ownCluster, clusters, rights, inventory, installation } = world;
    const of = (listed: ListedCluster): Cluster =>
      shown(listed, listed.look && clusters?.of(listed.name));
    const right = (verb: 'get' | 'create' | 'update' | 'delete', name?: string): Action => ({
      ...{ verb, group: 'nkvm.io', resource: 'clusters', namespace: installation.namespace },
      ...(name !== undefined && { name }),
    });
    const maySee = async (caller: Subject, name: string): Promise<boolean> =>
      (await rights.has(caller, right('get'))) ||
      (ClusterName.safeParse(name).success && (await rights.has(caller, right('get', name))));

    const own = async (caller: Subject): Promise<Cluster> => {
      const knows = await maySee(caller, installation.cluster);
      const counts = await rights.has(caller, {
        ...{ verb: 'list', group: '', resource: 'persistentvolumeclaims' },
      });
      return {
        ...{ name: installation.cluster, isOwn: true, state: 'ready' },
        ...{ since: null, problem: null, source: null },
        server: knows ? ownCluster.server : null,
        version: knows ? await ownCluster.version() : null,
        uid: knows ? ownCluster.uid : null,
        volumes: counts && inventory.isReady() ? inventory.claims().length : null,
      };
    };

    app.get(
      '/clusters',
      {
        config: {
          rights: {
            none: 'each caller with a valid token may know that there is the cluster of NKVM',
            shows: SHOWS,
          },
        },
        schema: {
          summary: 'List clusters',
          description:
            'That of NKVM, and the others that the caller may see: `get clusters.nkvm.io` in the namespace of NKVM.',
          response: { 200: ClusterList, default: Problem },
        },
      },
      async ({ caller }) => {
        const all = registry.list();
        const seen = await Promise.all(all.map(({ name }) => maySee(caller, name)));
        return {
          clusters: [await own(caller), ...all.filter((_, at) => seen[at]).map(of)],
          mayAdd: await rights.has(caller, right('create')),
          mayManage:
            (await rights.has(caller, right('update'))) &&
            (await rights.has(caller, right('delete'))),
        };
      }
    );

    app.post(
      '/clusters',
      {
        config: { rights: { needs: [inNkvm('create', 'clusters')] } },
        schema: {
          summary: 'Add a cluster',
          description:
            'Checks the kubeconfig, connects, and stores it in a Secret. With `dryRun`, it stores nothing.',
          body: AddCluster,
          response: { 200: ClusterCheck, 201: ClusterCheck, default: Problem },
        },
      },
      async ({ body: { name, kubeconfig, context, dryRun = false } }, reply) => {
        const signal = whileConnected(reply);
        const request = { name, kubeconfig, context, isDryRun: dryRun, isReplacement: false };
        const result = await checked(registry, { ...request, signal });
        return reply.code(dryRun ? 200 : 201).send(result);
      }
    );

    app.put(
      '/clusters/:name',
      {
        config: { rights: { needs: [inNkvm('update', 'clusters', { param: 'name' })] } },
        schema: {
          summary: 'Replace the kubeconfig of a cluster',
          description:
            'It must lead to the same cluster. Runs that are under way go on with the new credentials.',
          params: Params,
          body: ReplaceCluster,
          response: { 200: ClusterCheck, default: Problem },
        },
      },
      async ({ params: { name }, body: { kubeconfig, context, dryRun = false } }, reply) => {
        const signal = whileConnected(reply);
        const request = { name, kubeconfig, context, isDryRun: dryRun, isReplacement: true };
        return await checked(registry, { ...request, signal });
      }
    );

    app.delete(
      '/clusters/:name',
      {
        config: { rights: { needs: [inNkvm('delete', 'clusters', { param: 'name' })] } },
        schema: {
          summary: 'Remove a cluster',
          description:
            'Deletes the Secret with its kubeconfig. Its archives and its history stay; runs that are under way there fail.',
          params: Params,
          response: { 204: z.null(), default: Problem },
        },
      },
      async ({ params: { name } }, reply) => {
        await orRefusal(registry.remove(name));
        return reply.code(204).send(null);
      }
    );
  };

/** @param now the parts of the cluster; undefined where its kubeconfig is refused */
function shown(
  { name, source, server, look, problem }: ListedCluster,
  now: ClusterNow | undefined
): Cluster {
  const inventory = now && 'world' in now ? now.world.inventory : undefined;
  // It answers, and NKVM does not use it all the same, e.g. because it is another cluster than before.
  const refusal = now && 'problem' in now && !now.problem.isPassing ? now.problem : undefined;
  const { reason, message, hint } = refusal ?? {};
  return {
    ...{ name, source, isOwn: false, state: refusal ? 'refused' : look?.state ?? 'refused' },
    since: look?.since.toISOString() ?? null,
    problem: reason && message && hint ? { reason, message, hint } : problem ?? null,
    server: server ?? null,
    version: look?.version ?? null,
    uid: look?.uid ?? null,
    volumes: inventory?.isReady() ? inventory.claims().length : null,
  };
}

async function checked(registry: ClusterRegistry, request: CheckRequest): Promise<ClusterCheck> {
  const { name, isDryRun } = request;
  return { name, ...(await orRefusal(registry.check(request))), isStored: !isDryRun };
}

async function orRefusal<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ClusterRefusal)) throw error;
    const { reason, message, hint } = error.problem;
    throw new Refusal(STATUS_OF[reason] ?? 422, reason, message, hint);
  }
}
