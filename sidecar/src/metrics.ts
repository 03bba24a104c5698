import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Backup } from '../api/index.ts';

/** What Prometheus is told. No series names a namespace or a volume: /metrics asks for no token. */
export interface Metrics {
  registry: Registry;
  /** Counts a run that has ended. */
  ended(run: Pick<Backup, 'status' | 'stage' | 'bytes'>): void;
}

/** @param depth how many runs there are now. */
export function createMetrics(depth: () => { queued: number; running: number }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const runs = new Counter({
    name: 'nkvm_backups_total',
    help: 'Backups that have ended, by result and by the stage at which they ended',
    labelNames: ['result', 'stage'],
    registers,
  });
  const bytes = new Counter({
    name: 'nkvm_backup_bytes_total',
    help: 'Bytes of the archives that were published',
    registers,
  });
  new Gauge({
    name: 'nkvm_backups_unfinished',
    help: 'Backups that wait or run',
    labelNames: ['status'],
    registers,
    collect() {
      for (const [status, count] of Object.entries(depth())) this.set({ status }, count);
    },
  });
  return {
    registry,
    ended(run) {
      runs.inc({ result: run.status, stage: run.stage ?? 'queue' });
      if (run.status === 'success') bytes.inc(run.bytes ?? 0);
    },
  };
}
