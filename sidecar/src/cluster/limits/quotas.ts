import type { V1LimitRange, V1ResourceQuota } from '@kubernetes/client-node';
import { ApiFailure } from '../gateway/apiFailure.ts';
import { type Gateway, pathOf } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';
import { bytesOf } from './quantity.ts';

/** A limit of one ResourceQuota on claims; quantities as Kubernetes writes them. */
export interface QuotaLimit {
  quota: string;
  /** e.g. `requests.storage`, or `fast.storageclass.storage.k8s.io/requests.storage`. */
  resource: string;
  hard: string;
  used: string;
}

/** Sizes that a LimitRange allows for a claim. */
export interface ClaimRange {
  limitRange: string;
  min: string | null;
  max: string | null;
}

/** Limits of a namespace for its claims. */
export interface NamespaceLimits {
  quotas: QuotaLimit[];
  ranges: ClaimRange[];
}

/**
 * @returns undefined where the runner may not read them, or the API server did not say: then the creation itself tells.
 */
export async function readLimits(
  gateway: Pick<Gateway, 'json'>,
  namespace: string,
  signal?: AbortSignal
): Promise<NamespaceLimits | undefined> {
  const read = await readQuotasAndRanges(gateway, namespace, signal);
  return read && { quotas: read.quotas.flatMap(limitsOf), ranges: read.ranges.flatMap(rangesOf) };
}

/** @returns undefined where the runner may not read them, or the API server did not say. */
export async function readQuotasAndRanges(
  gateway: Pick<Gateway, 'json'>,
  namespace: string,
  signal?: AbortSignal
): Promise<{ quotas: Raw<V1ResourceQuota>[]; ranges: Raw<V1LimitRange>[] } | undefined> {
  const list = async <T>(plural: string): Promise<T[]> => {
    const path = pathOf('/api/v1/namespaces', namespace, plural);
    return (await gateway.json<{ items: T[] | null }>({ path, signal })).items ?? [];
  };
  try {
    const [quotas, ranges] = await Promise.all([
      list<Raw<V1ResourceQuota>>('resourcequotas'),
      list<Raw<V1LimitRange>>('limitranges'),
    ]);
    return { quotas, ranges };
  } catch (error) {
    if (error instanceof ApiFailure) return undefined;
    throw error;
  }
}

const ON_CLAIMS =
  /^(requests\.storage|persistentvolumeclaims|.+\.storageclass\.storage\.k8s\.io\/.+)$/;

const limitsOf = ({ metadata, status }: Raw<V1ResourceQuota>): QuotaLimit[] =>
  Object.entries(status?.hard ?? {})
    .filter(([resource]) => ON_CLAIMS.test(resource))
    .map(([resource, hard]) => ({
      quota: metadata?.name ?? '',
      resource,
      hard,
      used: status?.used?.[resource] ?? '0',
    }));

const rangesOf = ({ metadata, spec }: Raw<V1LimitRange>): ClaimRange[] =>
  (spec?.limits ?? [])
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .map(({ min, max }) => ({
      limitRange: metadata?.name ?? '',
      min: min?.storage ?? null,
      max: max?.storage ?? null,
    }));

/**
 * @param storageClass of the claim; null: it has none.
 * @returns the sentences on every limit that a new claim of this size does not keep.
 */
export function limitsBroken(
  { quotas, ranges }: NamespaceLimits,
  { size, storageClass }: { size: string; storageClass: string | null }
): string[] {
  const bytes = bytesOf(size) ?? 0;
  const broken: string[] = [];
  for (const { quota, resource, hard, used } of quotas) {
    const counted = countedBy(resource, storageClass);
    if (counted === undefined) continue;
    const more = counted === 'size' ? bytes : 1;
    if ((bytesOf(used) ?? 0) + more <= (bytesOf(hard) ?? Infinity)) continue;
    const asked = counted === 'size' ? size : '1';
    broken.push(
      `ResourceQuota ${quota} allows ${hard} of ${resource}, ${used} is used, and this claim asks for ${asked}`
    );
  }
  for (const { limitRange, min, max } of ranges) {
    if (max !== null && bytes > (bytesOf(max) ?? Infinity))
      broken.push(`LimitRange ${limitRange} allows claims of up to ${max}, not ${size}`);
    if (min !== null && bytes < (bytesOf(min) ?? 0))
      broken.push(`LimitRange ${limitRange} allows claims from ${min} on, not ${size}`);
  }
  return broken;
}

/** @returns what of a claim a resource of a quota counts; undefined: nothing. */
function countedBy(resource: string, storageClass: string | null): 'size' | 'claim' | undefined {
  const [, ofClass, what = resource] =
    /^(.+)\.storageclass\.storage\.k8s\.io\/(.+)$/.exec(resource) ?? [];
  if (ofClass !== undefined && ofClass !== storageClass) return undefined;
  if (what === 'requests.storage') return 'size';
  return what === 'persistentvolumeclaims' ? 'claim' : undefined;
}
