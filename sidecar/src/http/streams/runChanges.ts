import type { History } from '../../history/history.ts';

/** Tells the streams that follow a run of its changes. */
export interface RunChanges {
  /** Calls `listener` after every change of the run. @returns what ends that. */
  watch(id: string, listener: () => void): () => void;
}

/** Listens to the history once, whatever the number of streams, and only while there are any. */
export function runChanges(history: Pick<History, 'onChange'>): RunChanges {
  const listeners = new Map<string, Set<() => void>>();
  let end: (() => void) | undefined;
  return {
    watch(id, listener) {
      const own = () => listener();
      const all = listeners.get(id) ?? new Set();
      listeners.set(id, all.add(own));
      end ??= history.onChange(run => listeners.get(run.id)?.forEach(each => each()));
      return () => {
        all.delete(own);
        if (all.size === 0) listeners.delete(id);
        if (listeners.size > 0) return;
        end?.();
        end = undefined;
      };
    },
  };
}
