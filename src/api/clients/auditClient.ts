import type { AuditCheck, AuditList, AuditResult } from '../../../sidecar/api';
import { queryText as query } from '../queries/queryText';
import type { Connection } from '../session/connection';
import { readWhole } from './wholeAnswer';

/** What the audit log is narrowed to. */
export interface AuditFilter {
  /** Text in the name of the actor. */
  who?: string;
  /** Or its first part, e.g. `backup`. */
  action?: string;
  namespace?: string;
  claim?: string;
  result?: AuditResult;
  /** Moments, as ISO 8601. */
  from?: string;
  to?: string;
}

/** The audit log, typed. Every call throws what `Send` throws. */
export interface AuditClient {
  page(filter: AuditFilter, cursor?: string): Promise<AuditList>;
  /** All pages as a table for a spreadsheet. */
  csv(filter: AuditFilter, signal: AbortSignal): Promise<string>;
  check(signal: AbortSignal): Promise<AuditCheck>;
}

const PAGE = 50;

export function auditClient({ send }: Pick<Connection, 'send'>): AuditClient {
  return {
    page: async (filter, cursor) =>
      (await send({ path: `/api/v1/audit${query({ ...filter, cursor, limit: PAGE })}` })).json(),
    async csv(filter, signal) {
      const path = `/api/v1/audit${query({ ...filter, format: 'csv' })}`;
      const response = await send({ path, signal });
      return readWhole(() => response.text());
    },
    check: async signal =>
      (await send({ path: '/api/v1/audit/check', method: 'POST', signal })).json(),
  };
}
