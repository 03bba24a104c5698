import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { HistorySize } from './historySize.ts';

/** Sources of the gauges of the sidecar's own state. */
export interface StateGauges {
  /** How many runs there are now. */
  depth(): { queued: number; running: number };
  /** @returns how many helper pods belong to no run. @throws Error when the API server did not answer. */
  helperLeaks(): Promise<number>;
  /** @returns the size of the history. @throws Error when the disk does not answer. */
  historySize(): Promise<HistorySize>;
  isHistoryReadOnly(): boolean;
  /** @returns how many kinds of objects cannot be read now. */
  inventoryProblems(): number;
}

/** A value that is not known has no series: a zero would say that all is well. */
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
  const gauge = (name: string, help: string, look: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const value = await Promise.resolve()
          .then(look)
          .catch(() => undefined);
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
  gauge('nkvm_history_read_only', '1 while the history cannot be written; no run starts then', () =>
    Number(seen.isHistoryReadOnly())
  );
  gauge(
    'nkvm_inventory_problems',
    'Kinds of objects that cannot be read from the API server now: what is known of them may be old',
    () => seen.inventoryProblems()
  );
  gauge('nkvm_history_rows', 'Runs in the history', async () => (await seen.historySize()).rows);
  gauge(
    'nkvm_history_disk_free_bytes',
    'Space left on the disk of the history; each write needs room for a second copy',
    async () => (await seen.historySize()).freeBytes
  );
}
