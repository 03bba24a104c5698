import { milliOf } from '../../cluster/limits/quantity.ts';
import { settingOf } from './fitResources.ts';
import type { Refusal, Rule } from './refusalRule.ts';

/** Refusals of a pod by the admission plugins ResourceQuota and LimitRanger. */
export const LIMIT_RULES: Rule[] = [
  [
    /exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)/,
    ([, quota = '', requested = '', used = '', limited = ''], namespace) =>
      quotaExceeded(namespace, quota, requested, used, limited),
  ],
  [
    /failed quota: (\S+): must specify (.*)/,
    ([, quota, what = ''], namespace) => {
      const missing = what.replaceAll(/ for: [^;]+/g, '').replaceAll(/; ?|,(?=\S)/g, ', ');
      return {
        reason: 'QuotaNeedsLimits',
        message: `quota ${quota} of namespace ${namespace} demands ${missing}, which helper pods do not set`,
        hint: `${setAll(
          missing
        )}, or create a LimitRange in namespace ${namespace} whose default and defaultRequest set ${missing} for containers: Kubernetes then adds them to helper pods`,
        class: 'needs-action',
      };
    },
  ],
  [
    /insufficient quota to match these scopes: (.*)/,
    ([, scopes], namespace) => ({
      reason: 'QuotaExceeded',
      message: `no quota of namespace ${namespace} covers the helper pod: it needs one for the scopes ${scopes}`,
      hint: `create a ResourceQuota for these scopes in namespace ${namespace}`,
      class: 'needs-action',
    }),
  ],
  [
    /status unknown for quota: ([^,]+)/,
    ([, quota], namespace) => ({
      reason: 'QuotaUnknown',
      message: `quota ${quota} of namespace ${namespace} is not in force yet`,
      hint: 'nothing to do: Kubernetes computes a new quota within seconds',
      class: 'transient',
    }),
  ],
  [
    /is forbidden: (.*(?:usage per \w+ is|limit to request ratio per \w+ is).*)/,
    ([, why = ''], namespace) => ({
      reason: 'LimitRange',
      message: `a LimitRange of namespace ${namespace} does not admit the helper pod: ${why}`,
      hint: limitRangeHint(why, namespace),
      class: 'needs-action',
    }),
  ],
];

function quotaExceeded(
  namespace: string,
  quota: string,
  requested: string,
  used: string,
  limited: string
): Refusal {
  const [have, inUse] = [amountsIn(limited), amountsIn(used)];
  const needs = [...amountsIn(requested)];
  const fits = needs.every(([what, amount]) => {
    const [need, limit] = [milliOf(amount), milliOf(have.get(what))];
    return need === null || limit === null || need <= limit;
  });
  const numbers = needs.map(
    ([what, amount]) =>
      `${what}: the helper needs ${amount}, ${inUse.get(what) ?? '0'} of ${have.get(
        what
      )} are in use`
  );
  const settings = needs.flatMap(([what]) => settingOfQuota(what) ?? []);
  return {
    reason: 'QuotaExceeded',
    message: `quota ${quota} of namespace ${namespace} has no room for the helper pod (${numbers.join(
      '; '
    )})`,
    hint: fits
      ? 'raise the quota; NKVM tries again, because room may become free'
      : `raise the quota: it is smaller than one helper pod${
          settings.length > 0 ? `; or set ${settings.join(' and ')} to less` : ''
        }`,
    class: fits ? 'transient' : 'needs-action',
  };
}

/** @returns the setting behind what a quota counts, e.g. `limits.cpu`; `cpu` alone is requests. */
function settingOfQuota(what: string): string | undefined {
  const [, side = 'requests', resource = ''] =
    /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(what) ?? [];
  return settingOf(resource, side === 'limits' ? 'limit' : 'request');
}

/** @param missing e.g. `limits.cpu, limits.memory` */
function setAll(missing: string): string {
  const settings = missing.split(', ').flatMap(what => settingOfQuota(what) ?? []);
  return settings.length > 0
    ? `set ${settings.join(' and ')}`
    : 'NKVM has no setting for it: exempt helper pods from the quota by its scopes';
}

/** @param why sentences of a LimitRange, e.g. `maximum memory usage per Container is 256Mi, but limit is 512Mi` */
function limitRangeHint(why: string, namespace: string): string {
  const bounds = [
    ...why.matchAll(/(\S+) usage per \w+ is [^,]*, but (request|limit) is/g),
    ...why.matchAll(/(\S+) usage per \w+ is [^.]*\.\s+No (request|limit) is specified/g),
  ].map(([, resource = '', what]) => settingOf(resource, what === 'limit' ? 'limit' : 'request'));
  const ratios = [...why.matchAll(/(\S+) max limit to request ratio/g)].flatMap(
    ([, resource = '']) => [settingOf(resource, 'limit'), settingOf(resource, 'request')]
  );
  const settings = [...new Set([...bounds, ...ratios])].filter(setting => setting !== undefined);
  return settings.length > 0
    ? `set ${settings.join(
        ' and '
      )} to what it allows, or change the LimitRange of namespace ${namespace}`
    : `change the LimitRange of namespace ${namespace} so that it admits the helper pod`;
}

/** Reads `limits.memory=512Mi,pods=1`. */
const amountsIn = (list: string): Map<string, string> =>
  new Map(
    list.split(',').map(pair => {
      const [what = '', amount = ''] = pair.split('=');
      return [what, amount];
    })
  );
