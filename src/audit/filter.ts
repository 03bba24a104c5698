import { AUDIT_RESULTS } from '../../sidecar/api/names.ts';
import type { AuditFilter } from '../api/clients/auditClient';

/** Parameters of the page's address. `volume` is `NAMESPACE` or `NAMESPACE/NAME`; `since` and `until` are days. */
export const FILTERS = ['who', 'action', 'volume', 'result', 'since', 'until'] as const;

const VOLUME = /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?:\/([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?))?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** @returns the first moment of a day, or of the day after, where the browser is; undefined for anything else. */
function momentOf(day: string | null, after = 0): string | undefined {
  if (!day || !DAY.test(day)) return undefined;
  const date = new Date(`${day}T00:00:00`);
  if (Number.isNaN(date.getTime())) return undefined;
  date.setDate(date.getDate() + after);
  return date.toISOString();
}

/** What NKVM would refuse is left out: an address can be typed. */
export function filterOf(parameters: URLSearchParams): AuditFilter {
  const [namespace, claim] = VOLUME.exec(parameters.get('volume') ?? '')?.slice(1) ?? [];
  const action = parameters.get('action') ?? '';
  return {
    who: parameters.get('who')?.slice(0, 253) || undefined,
    action: /^[a-z-]+(\.[a-z-]+)?$/.test(action) ? action : undefined,
    namespace,
    claim,
    result: AUDIT_RESULTS.find(each => each === parameters.get('result')),
    from: momentOf(parameters.get('since')),
    to: momentOf(parameters.get('until'), 1),
  };
}

export const isNarrowed = (filter: AuditFilter): boolean =>
  Object.values(filter).some(value => value !== undefined);
