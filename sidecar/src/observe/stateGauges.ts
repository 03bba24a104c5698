import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { HistorySize } from './historySize.ts';

/** Where the gauges of the sidecar's own state look. */
export interface StateGauges {
  /** How many runs there are now. */
  depth(): { queued: number; running: number };
  /** @returns how many helper pods belong to no run. @throws Error when nobody could say. */
  helperLeaks(): Promise<number>;
  /** @returns what the history takes. @throws Error when nobody could say. */
  historySize(): Promise<HistorySize>;
}

/** What could not be found out has no series: a nought would say that all is well. */
export function registerStateGauges(registry: Registry, seen: StateGauges): void {
  const registers = [registry];
  new Gauge({
    name: 'nkvm_queue_depth',
    help: 'Runs that have not ended, by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(seen.depth())) this.set({ state }, count);
    },
  });
  const gauge = (name: string, help: string, look: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const value = await look().catch(() => undefined);
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge(
    'nkvm_helper_leaks',
    'Helper pods of this installation that belong to no run under way; looked for at most once in 5 minutes',
    () => seen.helperLeaks()
  );
  gauge(
    'nkvm_history_bytes',
    'Size of the file of the history',
    async () => (await seen.historySize()).bytes
  );
  gauge('nkvm_history_rows', 'Runs in the history', async () => (await seen.historySize()).rows);
  gauge(
    'nkvm_history_disk_free_bytes',
    'Space left on the disk of the history; each write needs room for a second copy',
    async () => (await seen.historySize()).freeBytes
  );
}
