/** Paths that are selected. A folder stands for everything below it, so that nothing below it is selected by itself. */
export type Selection = ReadonlySet<string>;

/** So many paths go into one download or restore. */
export const MAX_SELECTED = 1_000;

/** `above`: a folder above it is selected, and so is this. */
export type Selected = 'self' | 'above' | 'no';

/** @returns the folders above `path`, the nearest first. */
function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    above.push(path.slice(0, end));
  }
  return above;
}

export function selectedBy(selection: Selection, path: string): Selected {
  if (selection.has(path)) return 'self';
  return foldersAbove(path).some(folder => selection.has(folder)) ? 'above' : 'no';
}

/** @returns `selection` with `paths`; what is below one of them is in it by that. At most `MAX_SELECTED` paths. */
export function withSelected(selection: Selection, paths: string[]): Selection {
  const all = new Set([...selection, ...paths]);
  const kept = [...all].filter(path => !foldersAbove(path).some(folder => all.has(folder)));
  return new Set(kept.slice(0, MAX_SELECTED));
}

/** Selects a path, or takes it out. One that a folder above selects stays selected. */
export function toggled(selection: Selection, path: string): Selection {
  switch (selectedBy(selection, path)) {
    case 'self':
      return new Set([...selection].filter(each => each !== path));
    case 'above':
      return selection;
    case 'no':
      return withSelected(selection, [path]);
  }
}
