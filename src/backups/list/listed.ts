/** A list that is loaded down to its last run. */
export interface LoadedList<T> {
  /** Newest first. */
  runs: T[];
  /** There are older ones, which are not loaded. */
  hasMore: boolean;
}

/**
 * Merges lists of which each is loaded down to a run of its own. What is older than the newest of those is left out: runs
 * that are not loaded yet may belong in between. Run ids begin with the time.
 */
export function merged<T extends { id: string }>(lists: LoadedList<T>[]): LoadedList<T> {
  const ends = lists.flatMap(({ runs, hasMore }) => (hasMore ? runs.at(-1)?.id ?? [] : []));
  const from = ends.reduce((newest, id) => (id > newest ? id : newest), '');
  const all = lists.flatMap(({ runs }) => runs);
  const runs = all.filter(({ id }) => id >= from).sort((a, b) => (a.id < b.id ? 1 : -1));
  return { runs, hasMore: lists.some(({ hasMore }) => hasMore) };
}

/** @returns which of the lists have to go on before `merged` shows more: those that hold back the others. */
export function holdingBack<L extends LoadedList<{ id: string }>>(lists: L[]): L[] {
  const oldest = merged(lists).runs.at(-1)?.id ?? '';
  return lists.filter(({ runs, hasMore }) => hasMore && (runs.at(-1)?.id ?? '') >= oldest);
}
