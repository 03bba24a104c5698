import type { KeyboardEvent } from 'react';

export interface GridKeys {
  /** The row that the keys act on; -1: none yet. */
  active: number;
  count: number;
  /** How many rows are in sight. */
  pageRows: number;
  onActive(index: number): void;
  onOpen(index: number): void;
  onToggle(index: number): void;
  onParent(): void;
  onClear(): void;
}

/** @returns the row that a key leads to; undefined for other keys. */
export function rowAfter(
  key: string,
  { active, count, pageRows }: Pick<GridKeys, 'active' | 'count' | 'pageRows'>
): number | undefined {
  if (count === 0) return undefined;
  const within = (index: number) => Math.min(Math.max(index, 0), count - 1);
  switch (key) {
    case 'ArrowDown':
      return within(active + 1);
    case 'ArrowUp':
      return within(active - 1);
    case 'PageDown':
      return within(Math.max(active, 0) + pageRows);
    case 'PageUp':
      return within(active - pageRows);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** What keys do in the list of files: arrows move, Enter opens, Backspace goes up, Space selects, Escape clears. */
export function handleKey(event: KeyboardEvent, keys: GridKeys): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  // A button in the head has keys of its own.
  if (event.target !== event.currentTarget) return;
  const { active } = keys;
  const next = rowAfter(event.key, keys);
  if (next !== undefined) keys.onActive(next);
  else if (event.key === 'Enter' && active >= 0) keys.onOpen(active);
  else if (event.key === ' ' && active >= 0) keys.onToggle(active);
  else if (event.key === 'Backspace') keys.onParent();
  else if (event.key === 'Escape') keys.onClear();
  else return;
  event.preventDefault();
}
