import type { Backup } from '../../../api/index.ts';
import { PRIORITIES } from '../../../api/index.ts';

/** Facts that decide the place of a run in the queue. */
export type Queued = Pick<Backup, 'id' | 'namespace' | 'priority'>;

/** Runs by priority, then by namespace, each list with the oldest run first. */
export class Lanes<T extends Queued> {
  readonly #byPriority = new Map(PRIORITIES.map(each => [each, new Map<string, T[]>()]));

  add(run: T): void {
    const lane = this.of(run.priority);
    const runs = lane.get(run.namespace) ?? [];
    lane.set(run.namespace, runs);
    // New runs have the greatest ids, so the place is nearly always the last one.
    let at = runs.length;
    while (at > 0 && (runs[at - 1] as T).id > run.id) at -= 1;
    runs.splice(at, 0, run);
  }

  remove(run: T): void {
    const lane = this.of(run.priority);
    const runs = lane.get(run.namespace) ?? [];
    const at = runs.findIndex(({ id }) => id === run.id);
    if (at >= 0) runs.splice(at, 1);
    if (runs.length === 0) lane.delete(run.namespace);
  }

  /** @returns the lists of one priority, by namespace. None is empty. */
  of(priority: Backup['priority']): Map<string, T[]> {
    const lane = this.#byPriority.get(priority);
    if (!lane) throw new Error(`there is no priority ${priority}`);
    return lane;
  }
}
