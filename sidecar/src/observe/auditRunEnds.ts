import type { AuditTrail } from '../history/audit/auditTrail.ts';
import type { RunRecord } from '../history/history.ts';

/** @returns what records the ends of runs, whoever has asked for them. @param cluster that the runs are of */
export const auditRunEnds = (trail: AuditTrail, cluster: string) => ({
  ended(run: RunRecord): void {
    const { id, kind, status, namespace, name, uid, requestedBy, reason, details, bytes } = run;
    if (status !== 'success' && status !== 'failed' && status !== 'cancelled') return;
    const destinations = run.copies.filter(({ state }) => state === 'present');
    const size = bytes === null ? '' : `, ${bytes} bytes`;
    void trail.record(
      {
        ...{ action: `${kind}.end`, cluster, claims: [{ namespace, name, uid }], runs: [id] },
        backup: details && 'backup' in details ? details.backup : null,
        destination: destinations.map(({ destination }) => destination).join(', ') || null,
      },
      { result: status, reason, detail: `requested by ${requestedBy ?? 'nobody'}${size}` }
    );
  },
});
