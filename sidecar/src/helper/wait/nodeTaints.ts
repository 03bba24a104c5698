import type { TaintFact } from '../../cluster/watch/facts.ts';
import type { Toleration } from '../settings/settings.ts';

/**
 * Taints that say that a node cannot run pods now, or is about to go: Kubernetes, cloud providers and autoscalers set and
 * remove them. No helper tolerates them, even where its volume is on that node alone.
 */
const TEMPORARY = [
  /^node\.kubernetes\.io\/(not-ready|unreachable|network-unavailable|out-of-service)$/,
  /^node\.kubernetes\.io\/(memory|disk|pid)-pressure$/,
  /^node\.cloudprovider\.kubernetes\.io\//,
  /^node\.cluster\.x-k8s\.io\/uninitialized$/,
  /^ToBeDeletedByClusterAutoscaler$/,
  /^karpenter\.sh\/(disrupted|disruption|unregistered)$/,
  /\/agent-not-ready$/, // of network plugins and CSI drivers
];

/** Whether a taint keeps pods away that do not tolerate it. */
export const repels = ({ effect }: TaintFact): boolean => effect !== 'PreferNoSchedule';

/**
 * @returns what lets a helper onto the only node that has its volume: the taints by which people keep a node for other pods,
 * and a cordon, one by one. "Everything" would also send it to a node that is not ready, and leave it there.
 */
export const tolerationsFor = (taints: readonly TaintFact[]): Toleration[] =>
  taints
    .filter(({ key }) => !TEMPORARY.some(known => known.test(key)))
    .map(({ key, value, effect }) =>
      value === undefined
        ? { key, operator: 'Exists', effect }
        : { key, operator: 'Equal', value, effect }
    );

/** @returns a taint as kubectl writes it: `dedicated=db:NoSchedule`. */
export const taintText = ({ key, value, effect }: TaintFact): string =>
  `${key}${value === undefined ? '' : `=${value}`}:${effect}`;
