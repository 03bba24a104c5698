import type { PodLimits } from '../../cluster/limits/podLimits.ts';
import { milliOf } from '../../cluster/limits/quantity.ts';
import type { Resources } from '../settings/settings.ts';

/** Resources that a namespace admits, as far as there are such. */
export interface Fitted {
  resources: Resources;
  /** Differences from the wanted resources, e.g. `limits.memory 256Mi instead of 512Mi`. */
  changes: string[];
  /** Sentences on each limit that no helper pod can keep, with what it allows, what is needed, and the setting. */
  misfits: string[];
}

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;
type Resource = (typeof RESOURCES)[number];

const MI = 1024 * 1024 * 1000;

/** The least that a helper works with, in thousandths: below it would be so slow, or so short of memory, that it fails. */
const LEAST: Record<Resource, { request: number; limit: number }> = {
  cpu: { request: 10, limit: 100 },
  memory: { request: 32 * MI, limit: 128 * MI },
  // The work volume holds an index of up to 192 MiB.
  'ephemeral-storage': { request: 0, limit: 320 * MI },
};

/** The limit of a resource that has none by itself, where the namespace demands one. */
const USUAL: Partial<Record<Resource, string>> = { cpu: '1' };

/**
 * Fits the resources of a helper pod to the LimitRanges and quotas of its namespace.
 *
 * | the namespace | the helper pod |
 * | --- | --- |
 * | demands a limit that the settings do not have | gets the LimitRange's default, or 1 CPU |
 * | has a maximum, or little left of a quota | gets less, but never less than a helper needs |
 * | has a minimum | gets more |
 * | has a greatest ratio of limit to request | asks for more; where it may not, its limit is lowered |
 *
 * Everything else stays as it was wanted. Where there is no fit, it is told, and the pod stays as close as it can be: the API
 * server has the last word, because what is left of a quota changes all the time.
 */
export function fitResources(wanted: Resources, limits: PodLimits): Fitted {
  const fits = RESOURCES.map(resource => fitOne(resource, wanted, limits));
  const pick = (side: 'requests' | 'limits') =>
    Object.fromEntries(
      fits.flatMap(fit => (fit[side] === undefined ? [] : [[fit.resource, fit[side]]]))
    );
  const resources = { requests: pick('requests'), limits: pick('limits') };
  return {
    resources,
    changes: (['requests', 'limits'] as const).flatMap(side =>
      RESOURCES.filter(resource => resources[side][resource] !== wanted[side][resource]).map(
        resource =>
          `${side}.${resource} ${resources[side][resource]} instead of ${
            wanted[side][resource] ?? 'none'
          }`
      )
    ),
    misfits: fits.flatMap(({ misfit }) => misfit ?? []),
  };
}

interface Fit {
  resource: Resource;
  requests: string | undefined;
  limits: string | undefined;
  misfit?: string;
}

function fitOne(resource: Resource, wanted: Resources, { ranges, quotas }: PodLimits): Fit {
  const asIs: Fit = {
    resource,
    requests: wanted.requests[resource],
    limits: wanted.limits[resource],
  };
  const text = textOf(resource);
  const ofResource = ranges.filter(range => range.resource === resource);
  const least = LEAST[resource];
  const from = tightest(ofResource, 'min', (a, b) => b - a);
  const upTo = tightest(ofResource, 'max', (a, b) => a - b);
  const ratio = tightest(ofResource, 'ratio', (a, b) => a - b);
  const left = (side: 'requests' | 'limits') =>
    quotas
      .filter(quota => quota.side === side && quota.resource === resource)
      .map(({ quota, hard, used }) => ({
        amount: Math.max(0, (milliOf(hard) ?? Infinity) - (milliOf(used) ?? 0)),
        who: `quota ${quota} has ${used} of ${hard} ${side}.${resource} in use`,
      }))
      .sort((a, b) => a.amount - b.amount)[0];
  const [leftLimit, leftRequest] = [left('limits'), left('requests')];
  const inRange = ofResource.find(range => range.default !== null)?.default ?? undefined;
  // A default is no maximum: with less than this, a helper is of no use.
  const defaultLimit =
    inRange !== undefined && (milliOf(inRange) ?? 0) < least.limit ? text(least.limit) : inRange;
  const isDemanded = leftLimit || upTo || ratio || defaultLimit !== undefined;
  const wantedLimit = asIs.limits ?? (isDemanded ? defaultLimit ?? USUAL[resource] : undefined);
  let limit = milliOf(wantedLimit) ?? Infinity;
  let request = milliOf(asIs.requests) ?? 0;
  const misfit = (have: string, need: number, what: 'limit' | 'request'): Fit => ({
    ...asIs,
    limits: wantedLimit,
    misfit: `${have}; a helper pod needs a ${resource} ${what} of at least ${text(need)}${
      resource === 'ephemeral-storage' ? '' : ` (${settingOf(resource, what)})`
    }`,
  });

  for (const bound of [upTo, leftLimit]) {
    if (!bound || limit <= bound.amount) continue;
    if (bound.amount < least.limit) return misfit(bound.who, least.limit, 'limit');
    limit = bound.amount;
  }
  if (from) {
    if (limit < from.amount && upTo && upTo.amount < from.amount)
      return misfit(from.who, from.amount, 'limit');
    limit = Math.max(limit, from.amount);
    request = Math.max(request, from.amount);
  }
  if (leftRequest && request > leftRequest.amount) {
    const needed = Math.max(least.request, from?.amount ?? 0);
    if (leftRequest.amount < needed) return misfit(leftRequest.who, needed, 'request');
    request = leftRequest.amount;
  }
  request = Math.min(request, limit);
  if (ratio && limit * 1000 > ratio.amount * request) {
    const most = Math.min(limit, leftRequest?.amount ?? Infinity);
    const step = resource === 'cpu' ? 1 : MI;
    request = Math.min(most, Math.ceil((limit * 1000) / ratio.amount / step) * step);
    limit = Math.min(limit, Math.floor((request * ratio.amount) / 1000 / step) * step);
    if (limit < Math.max(least.limit, from?.amount ?? 0))
      return misfit(`${ratio.who}, and ${leftRequest?.who}`, least.limit, 'limit');
  }
  const quantity = (amount: number, before: string | undefined) =>
    milliOf(before) === amount ? before : text(amount);
  return {
    resource,
    requests:
      asIs.requests === undefined && request === 0 ? undefined : quantity(request, asIs.requests),
    limits: limit === Infinity ? undefined : quantity(limit, wantedLimit),
  };
}

/** @returns the strictest bound, in thousandths, and the sentence on who sets it. */
function tightest(
  ranges: PodLimits['ranges'],
  bound: 'min' | 'max' | 'ratio',
  order: (a: number, b: number) => number
) {
  const words = { min: 'minimum', max: 'maximum', ratio: 'greatest ratio of limit to request' };
  return ranges
    .flatMap(range => {
      const amount = milliOf(range[bound] ?? undefined);
      if (amount === null) return [];
      const who = `LimitRange ${range.limitRange} has a ${words[bound]} of ${range[bound]} ${range.resource} for each ${range.type}`;
      return [{ amount, who }];
    })
    .sort((a, b) => order(a.amount, b.amount))[0];
}

/** @returns the setting of a limit or request. */
export const settingOf = (resource: string, what: 'limit' | 'request'): string | undefined =>
  resource === 'cpu' || resource === 'memory'
    ? `NKVM_HELPER_${resource}_${what}`.toUpperCase()
    : undefined;

/** @returns what writes thousandths as a quantity, which is rounded down. */
const textOf =
  (resource: Resource) =>
  (milli: number): string => {
    if (resource === 'cpu') return milli % 1000 === 0 ? `${milli / 1000}` : `${milli}m`;
    return milli % MI === 0 ? `${milli / MI}Mi` : `${Math.floor(milli / 1000)}`;
  };
