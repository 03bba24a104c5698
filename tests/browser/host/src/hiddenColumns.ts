export interface Column {
  id?: string;
  /** Headlamp 0.45 knows it; the SDK's table ignores it. */
  responsivePriority?: number;
}

const COLUMN_PX = 100;
const SELECTION_PX = 44;
const ACTIONS_PX = 52;

/**
 * Which columns Headlamp 0.45 hides in a table of that width, by its rule: each takes 100 px; of those that do not fit
 * the ones of the lowest priority go first, among equals from the right, and never the first column.
 * @param widthPx 0 before it is known.
 */
export function hiddenColumns(
  columns: readonly Column[],
  widthPx: number,
  has: { selection?: boolean; actions?: boolean }
): string[] {
  const room = widthPx - (has.selection ? SELECTION_PX : 0) - (has.actions ? ACTIONS_PX : 0);
  const excess = columns.length - Math.max(0, Math.floor(room / COLUMN_PX));
  if (widthPx === 0 || excess <= 0) return [];
  return columns
    .map(({ id = '', responsivePriority = 0 }, index) => ({ id, responsivePriority, index }))
    .slice(1)
    .sort((a, b) => a.responsivePriority - b.responsivePriority || b.index - a.index)
    .slice(0, excess)
    .map(({ id }) => id);
}
