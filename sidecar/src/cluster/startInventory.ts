import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import { setTimeout as delay } from 'node:timers/promises';
import type { Claim, ClusterInventory } from './inventory.ts';
import { compare, joinClaims } from './join.ts';
import type { Raw } from './projections.ts';
import { resources } from './resources.ts';
import { type Log, type Resource, WatchCache, type WatchLimits } from './watchCache.ts';

export interface InventoryOptions {
  log: Log;
  /** Whether a pod with these labels is one of our own helpers: those neither use nor own a claim. */
  isOwnHelper?: (labels: Record<string, string>) => boolean;
  limits?: WatchLimits;
}

const isBackupHelper = (labels: Record<string, string>): boolean =>
  labels['app.kubernetes.io/component'] === 'backup-helper';

/** Starts to watch all that says something on volumes; see `resources`. What it gives before `ready` is not whole. */
export function startInventory(
  kubeConfig: KubeConfig,
  options: InventoryOptions
): ClusterInventory {
  const { log, isOwnHelper = isBackupHelper, limits } = options;
  const watch = <T, Fact>(resource: Resource<T, Fact>) =>
    new WatchCache(kubeConfig, resource, log, limits);

  const claims = watch(resources.claims);
  const volumes = watch(resources.volumes);
  const storageClasses = watch(resources.storageClasses);
  const nodes = watch(resources.nodes);
  const namespaces = watch(resources.namespaces);
  const pods = watch({
    ...resources.pods,
    project: (pod: Raw<V1Pod>) =>
      isOwnHelper(pod.metadata?.labels ?? {}) ? undefined : resources.pods.project(pod),
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

  let joined: Joined = { all: [], byNamespace: new Map() };
  let joinedVersion = 0;
  /** Joins again only when a fact has changed since the last look. */
  const look = (): Joined => {
    const version = caches.reduce((sum, cache) => sum + cache.version, 0);
    if (version !== joinedVersion) {
      joined = byNamespace(
        joinClaims({
          claims: claims.facts(),
          volumes: volumes.facts(),
          storageClasses: storageClasses.facts(),
          nodes: nodes.facts(),
          pods: pods.facts(),
          workloads: workloads.flatMap(cache => [...cache.facts()]),
        })
      );
      joinedVersion = version;
    }
    return joined;
  };

  const stopping = new AbortController();
  return {
    ready: timeoutMs => untilListed(caches, timeoutMs, stopping.signal),
    isReady: () => caches.every(cache => cache.hasList),
    claims: namespace =>
      namespace === undefined
        ? [...look().all]
        : [...(look().byNamespace.get(namespace)?.values() ?? [])],
    claim: (namespace, name) => look().byNamespace.get(namespace)?.get(name),
    namespaces: () => [...namespaces.facts()].map(({ name }) => name).sort(compare),
    nodes: () => [...nodes.facts()].sort((a, b) => compare(a.name, b.name)),
    problems: () => caches.flatMap(({ problem }) => problem ?? []),
    async stop() {
      stopping.abort();
      await Promise.all(caches.map(cache => cache.stop()));
    },
  };
}

/** @throws Error with one sentence for each resource that has no list when the time is over. */
async function untilListed(
  caches: Pick<WatchCache<unknown, unknown>, 'resource' | 'hasList' | 'firstList' | 'problem'>[],
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

interface Joined {
  all: Claim[];
  byNamespace: Map<string, Map<string, Claim>>;
}

/** Keeps the order. */
function byNamespace(claims: Claim[]): Joined {
  const namespaces = new Map<string, Map<string, Claim>>();
  for (const claim of claims) {
    const names = namespaces.get(claim.namespace) ?? new Map<string, Claim>();
    namespaces.set(claim.namespace, names.set(claim.name, claim));
  }
  return { all: claims, byNamespace: namespaces };
}
