import type { V1Pod } from '@kubernetes/client-node';
import { setTimeout as delay } from 'node:timers/promises';
import type { Gateway } from '../gateway/gateway.ts';
import { resources } from '../limits/resources.ts';
import type { Raw } from '../watch/projections.ts';
import { type Resource, WatchCache, type WatchLimits, type WatchLog } from '../watch/watchCache.ts';
import { ClaimView } from './claimView.ts';
import type { ClusterInventory } from './inventory.ts';
import { compare, podsOfClaim } from './join.ts';

export interface InventoryOptions {
  log: WatchLog;
  /**
   * Whether a pod is one of our own helpers: those neither use nor own a claim. Labels alone do not tell: anyone who may
   * create pods can put them on one, and it would disappear from the users of a claim. Absent: none is.
   */
  isOwnHelper?: (pod: PodIdentity) => boolean;
  /** Is told of every pod that a watch brings. */
  onPod?: (pod: Pick<PodIdentity, 'namespace' | 'name'>) => void;
  limits?: WatchLimits;
}

/** The identity of a pod. */
export interface PodIdentity {
  namespace: string;
  name: string;
  labels: Record<string, string>;
}

/** Starts to watch all objects that concern volumes; see `resources`. The inventory is incomplete before `ready`. */
export function startInventory(
  gateway: Pick<Gateway, 'json' | 'stream'>,
  { log, isOwnHelper = () => false, onPod, limits }: InventoryOptions
): ClusterInventory {
  const watch = <T, Fact>(resource: Resource<T, Fact>) =>
    new WatchCache(gateway, resource, log, limits);

  const claims = watch(resources.claims);
  const volumes = watch(resources.volumes);
  const storageClasses = watch(resources.storageClasses);
  const nodes = watch(resources.nodes);
  const namespaces = watch(resources.namespaces);
  const pods = watch({
    ...resources.pods,
    project: (pod: Raw<V1Pod>) =>
      isOwnHelper(identityOf(pod)) ? undefined : resources.pods.project(pod),
    ...(onPod && { onEvent: onPod }),
  });
  const workloads = [
    watch(resources.deployments),
    watch(resources.statefulSets),
    watch(resources.daemonSets),
    watch(resources.replicaSets),
    watch(resources.jobs),
    watch(resources.cronJobs),
  ];
  const caches = [claims, volumes, storageClasses, nodes, namespaces, pods, ...workloads];

  const view = new ClaimView({
    claims: claims.facts,
    pods: pods.facts,
    workloads: workloads.map(({ facts }) => facts),
    volumes: volumes.facts,
    nodes: nodes.facts,
    storageClasses: storageClasses.facts,
  });
  const stopping = new AbortController();
  return {
    ready: timeoutMs => untilListed(caches, timeoutMs, stopping.signal),
    isReady: () => caches.every(({ hasList }) => hasList),
    claims: namespace => view.claims(namespace),
    claim: (namespace, name) => view.claim(namespace, name),
    podsOf: (namespace, claim) => podsOfClaim(claim, pods.facts.in(namespace)),
    storageClasses: () => [...storageClasses.facts.in()].sort((a, b) => compare(a.name, b.name)),
    usersOf: (namespace, name) => view.usersOf(namespace, name),
    noted: () =>
      workloads.flatMap(({ facts }) =>
        facts
          .namespaces()
          .flatMap(namespace => [...facts.in(namespace)])
          .filter(({ restoreNote }) => restoreNote !== undefined)
      ),
    namespaces: () => [...namespaces.facts.in()].map(({ name }) => name).sort(compare),
    namespace: name => namespaces.facts.get('', name),
    versions: () => view.versions(),
    nodes: () => [...nodes.facts.in()].sort((a, b) => compare(a.name, b.name)),
    problems: (minAgeMs = 0) =>
      caches.flatMap(({ problem, problemSince = Infinity }) =>
        problem !== undefined && performance.now() - problemSince >= minAgeMs ? problem : []
      ),
    async stop() {
      stopping.abort();
      await Promise.all(caches.map(cache => cache.stop()));
    },
  };
}

const identityOf = ({ metadata }: Raw<V1Pod>): PodIdentity => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
  labels: metadata?.labels ?? {},
});

type Listing = Pick<WatchCache<unknown, unknown>, 'resource' | 'hasList' | 'firstList' | 'problem'>;

/** @throws Error with one sentence for each resource that has no list when the time is over. */
async function untilListed(
  caches: Listing[],
  timeoutMs: number,
  stopped: AbortSignal
): Promise<void> {
  const listed = new AbortController();
  const signal = AbortSignal.any([stopped, listed.signal]);
  await Promise.race([
    Promise.all(caches.map(({ firstList }) => firstList)),
    delay(timeoutMs, undefined, { signal }).catch(() => {}),
  ]);
  listed.abort();

  const missing = caches.filter(({ hasList }) => !hasList);
  if (missing.length === 0) return;
  const reasons = missing.map(
    ({ problem, resource }) => problem ?? `${resource.name}: no list yet`
  );
  throw new Error(
    `the inventory is not complete after ${timeoutMs / 1000} s: ${reasons.join('; ')}`
  );
}
