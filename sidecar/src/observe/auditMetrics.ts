import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';
import type { WatchedTrail } from '../history/audit/auditTrail.ts';

/** Whether the audit log can be relied on. */
export function registerAuditMetrics(
  registry: Registry,
  trail: Pick<WatchedTrail, 'broken' | 'lost'>
): void {
  const registers = [registry];
  new Gauge({
    name: 'nkvm_audit_broken',
    help: '1 when the last check has found an entry of the audit log that was changed or is missing',
    registers,
    collect() {
      const broken = trail.broken();
      if (broken === undefined) this.remove();
      else this.set(Number(broken !== null));
    },
  });
  new Counter({
    name: 'nkvm_audit_lost_entries_total',
    help: 'Entries that could not be written to the audit log since the start; the log of NKVM has them',
    registers,
    collect() {
      this.reset();
      this.inc(trail.lost());
    },
  });
}
