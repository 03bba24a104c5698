import type { V1LimitRange, V1ResourceQuota } from '@kubernetes/client-node';
import type { Gateway } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';
import { readQuotasAndRanges } from './quotas.ts';
import { holds } from './requirement.ts';

/** Limits of a LimitRange for one resource of containers or pods; quantities as Kubernetes writes them. */
export interface ComputeRange {
  limitRange: string;
  type: 'Container' | 'Pod';
  /** e.g. `cpu`. */
  resource: string;
  min: string | null;
  max: string | null;
  /** The most that a limit may be, as a multiple of the request. */
  ratio: string | null;
  /** The limit of a container that names none. */
  default: string | null;
}

/** Limits of a quota for one resource of all pods together. */
export interface ComputeQuota {
  quota: string;
  side: 'requests' | 'limits';
  resource: string;
  hard: string;
  used: string;
}

/** Limits of a namespace for a pod. */
export interface PodLimits {
  ranges: ComputeRange[];
  quotas: ComputeQuota[];
}

/**
 * @param priorityClass of the pod: quotas may be for some only. The pod has a deadline and resources.
 * @returns undefined where the runner may not read them, or the API server did not say.
 */
export async function readPodLimits(
  gateway: Pick<Gateway, 'json'>,
  namespace: string,
  priorityClass?: string
): Promise<PodLimits | undefined> {
  const read = await readQuotasAndRanges(gateway, namespace);
  return (
    read && {
      ranges: read.ranges.flatMap(rangesOf),
      quotas: read.quotas.filter(quota => isFor(quota, priorityClass)).flatMap(quotasOf),
    }
  );
}

const rangesOf = ({ metadata, spec }: Raw<V1LimitRange>): ComputeRange[] =>
  (spec?.limits ?? []).flatMap(item => {
    const { type, min = {}, max = {}, maxLimitRequestRatio: ratio = {} } = item;
    if (type !== 'Container' && type !== 'Pod') return [];
    // The client's type has another name for it than the API.
    const defaults = (item as { default?: Record<string, string> }).default ?? {};
    const resources = new Set([min, max, ratio, defaults].flatMap(each => Object.keys(each)));
    return [...resources].map(resource => ({
      limitRange: metadata?.name ?? '',
      type,
      resource,
      min: min[resource] ?? null,
      max: max[resource] ?? null,
      ratio: ratio[resource] ?? null,
      default: defaults[resource] ?? null,
    }));
  });

/** `cpu` and `memory` alone are requests. */
const COMPUTE = /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage)$/;

const quotasOf = ({ metadata, status }: Raw<V1ResourceQuota>): ComputeQuota[] =>
  Object.entries(status?.hard ?? {}).flatMap(([name, hard]) => {
    const [, side = 'requests', resource] = COMPUTE.exec(name) ?? [];
    if (resource === undefined) return [];
    const used = status?.used?.[name] ?? '0';
    return [
      { quota: metadata?.name ?? '', side: side as 'requests' | 'limits', resource, hard, used },
    ];
  });

/** Whether a quota counts a pod that has a deadline and asks for resources. */
function isFor({ spec }: Raw<V1ResourceQuota>, priorityClass: string | undefined): boolean {
  const scopes = [
    ...(spec?.scopes ?? []).map(scopeName => ({ scopeName, operator: 'Exists', values: [] })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  return scopes.every(({ scopeName, operator, values }) => {
    switch (scopeName) {
      case 'Terminating':
      case 'NotBestEffort':
        return operator === 'Exists';
      case 'PriorityClass':
        return holds({ operator, values: values ?? [] }, priorityClass);
      default:
        return false;
    }
  });
}
