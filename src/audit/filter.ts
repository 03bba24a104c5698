import { AUDIT_RESULTS } from '../../sidecar/api/names.ts';
import type { AuditFilter } from '../api/clients/auditClient';
import { startOfDay } from '../ui/time/startOfDay';

/** Parameters of the page's address. `volume` is `NAMESPACE` or `NAMESPACE/NAME`; `since` and `until` are days. */
export const FILTERS = ['who', 'action', 'volume', 'result', 'since', 'until'] as const;

const VOLUME = /^([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?:\/([a-z0-9](?:[-a-z0-9.]*[a-z0-9])?))?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** @returns the first moment of a day, or of the day after; undefined for anything else. */
function momentOf(day: string | null, timeZone?: string, plus = 0): string | undefined {
  if (!day || !DAY.test(day) || Number.isNaN(Date.parse(day))) return undefined;
  return startOfDay(day, timeZone, plus).toISOString();
}

/** What NKVM would refuse is left out: an address can be typed. @param timeZone of the dates that are shown */
export function filterOf(parameters: URLSearchParams, timeZone?: string): AuditFilter {
  const [namespace, claim] = VOLUME.exec(parameters.get('volume') ?? '')?.slice(1) ?? [];
  const action = parameters.get('action') ?? '';
  return {
    who: parameters.get('who')?.slice(0, 253) || undefined,
    action: /^[a-z-]+(\.[a-z-]+)?$/.test(action) ? action : undefined,
    namespace,
    claim,
    result: AUDIT_RESULTS.find(each => each === parameters.get('result')),
    from: momentOf(parameters.get('since'), timeZone),
    to: momentOf(parameters.get('until'), timeZone, 1),
  };
}

export const isNarrowed = (filter: AuditFilter): boolean =>
  Object.values(filter).some(value => value !== undefined);
