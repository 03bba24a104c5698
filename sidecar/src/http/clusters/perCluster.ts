import type { FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { isNotFound } from '../../jobs/attempts/errors.ts';
import type { ClusterChoice, ClusterRoutesWorld } from './clusters.ts';
import { clusterNamed, maybeElsewhere } from './clusters.ts';

/** Routes, made for the parts of one cluster. */
type RoutesOf<W> = (world: W) => FastifyPluginAsyncZod;

/** Archives that belong to no run: NKVM's own cluster decides who may read them, whatever cluster the request names. */
const OF_NO_RUN = /^(archive|upload):/;

/** @returns the parts of the cluster that a request is about; undefined: those of NKVM's own. @throws Refusal: see `clusterNamed` */
async function clusterFor(
  { caller, params, query, body }: FastifyRequest,
  choice: ClusterChoice & { ownName: string }
): Promise<ClusterRoutesWorld | undefined> {
  const { clusters, ownName } = choice;
  const { id } = (params ?? {}) as { id?: unknown };
  if (typeof id === 'string') {
    // A run belongs to its cluster, whose rights decide whether it exists for the caller; the cluster is not named here.
    const name = OF_NO_RUN.test(id) ? undefined : clusters.find(id)?.cluster;
    const now = name === undefined ? undefined : clusters.of(name);
    return now && 'world' in now ? now.world : undefined;
  }
  for (const part of [body, query]) {
    const { cluster } = (part ?? {}) as { cluster?: unknown };
    if (typeof cluster !== 'string') continue;
    return cluster === ownName ? undefined : await clusterNamed(caller, cluster, choice);
  }
  return undefined;
}

export interface PerClusterOptions<W> extends ClusterChoice {
  /** The parts for NKVM's own cluster. */
  world: W;
  /** Name of NKVM's own cluster: a request may name it, too. */
  ownName: string;
  /** @returns the same parts, for another cluster. */
  worldOf(cluster: ClusterRoutesWorld): W;
}

/**
 * @returns the routes, which are there once: each request is answered with the parts of the cluster that it is about. So no handler
 *   can see the volumes, runs or rights of two clusters.
 */
export const perCluster =
  <W>(routes: RoutesOf<W>, options: PerClusterOptions<W>): FastifyPluginAsyncZod =>
  async app => {
    const { world, worldOf } = options;
    const others = new WeakMap<ClusterRoutesWorld, Promise<Handlers>>();
    const closing: (() => unknown)[] = [];
    app.addHook('onClose', async () => closing.forEach(close => close()));
    const handlersOf = (cluster: ClusterRoutesWorld): Promise<Handlers> => {
      const known = others.get(cluster);
      if (known) return known;
      const made = handlersIn(routes(worldOf(cluster)), closing);
      others.set(cluster, made);
      return made;
    };
    app.addHook('onRoute', route => {
      const own = route.handler;
      const key = keyOf(String(route.method), route.routePath);
      route.handler = async function choose(request, reply) {
        const cluster = await clusterFor(request, options);
        const handler = cluster ? (await handlersOf(cluster)).get(key) : own;
        if (!handler) throw new Error(`${key} is missing in the routes of another cluster`);
        try {
          return await handler.call(this, request, reply);
        } catch (error) {
          const { id } = (request.params ?? {}) as { id?: unknown };
          const { backup } = (request.body ?? {}) as { backup?: unknown };
          const run = id ?? backup;
          if (typeof run !== 'string' || !isNotFound(error)) throw error;
          throw (await maybeElsewhere(request.caller, run, options)) ?? error;
        }
      };
    });
    await app.register(routes(world));
  };

type Handlers = ReadonlyMap<string, RouteHandlerMethod>;

const keyOf = (method: string, path: string): string => `${method} ${path}`;

/** @returns the handlers of routes, without a server. */
async function handlersIn(
  routes: FastifyPluginAsyncZod,
  closing: (() => unknown)[]
): Promise<Handlers> {
  const handlers = new Map<string, RouteHandlerMethod>();
  const taking =
    (method: string) =>
    (path: string, _options: unknown, handler: RouteHandlerMethod): void =>
      void handlers.set(keyOf(method, path), handler);
  const recorder = {
    get: taking('GET'),
    post: taking('POST'),
    put: taking('PUT'),
    patch: taking('PATCH'),
    delete: taking('DELETE'),
    addHook: (_name: 'onClose', close: () => unknown) => void closing.push(close),
  };
  await routes(recorder as unknown as Parameters<FastifyPluginAsyncZod>[0], {});
  return handlers;
}
