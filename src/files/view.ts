import type { FileQuery } from '../../sidecar/api';
import { startOfDay } from '../ui/time/startOfDay';

const SORTS = ['name', 'size', 'time'] as const;
export type Sort = (typeof SORTS)[number];

/** What of an archive is shown. All of it is in the page's address. */
export interface View {
  /** A folder; empty: the root. */
  path: string;
  /** Part of a name. */
  search: string;
  sort: Sort;
  order: 'asc' | 'desc';
  minBytes?: number;
  maxBytes?: number;
  /** Days, e.g. `2026-11-20`, of the person's own calendar; both included. */
  after?: string;
  before?: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads the query of the page's address. What it cannot read it leaves out. */
export function viewOf(parameters: URLSearchParams): View {
  const bytes = (name: string) => {
    const value = Number(parameters.get(name) ?? NaN);
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  };
  const day = (name: string) => {
    const value = parameters.get(name) ?? '';
    return DAY.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
  };
  return {
    path: parameters.get('path') ?? '',
    search: parameters.get('search') ?? '',
    sort: SORTS.find(each => each === parameters.get('sort')) ?? 'name',
    order: parameters.get('order') === 'desc' ? 'desc' : 'asc',
    minBytes: bytes('minBytes'),
    maxBytes: bytes('maxBytes'),
    after: day('after'),
    before: day('before'),
  };
}

/** @returns how the page's address changes; what is as it is by itself is left out of it. */
export function parametersOf(view: View): Record<string, string | undefined> {
  return {
    path: view.path,
    search: view.search,
    sort: view.sort === 'name' ? undefined : view.sort,
    order: view.order === 'asc' ? undefined : view.order,
    minBytes: view.minBytes?.toString(),
    maxBytes: view.maxBytes?.toString(),
    after: view.after,
    before: view.before,
  };
}

/** Whether the list is narrowed by size or time. */
export const isFiltered = ({ minBytes, maxBytes, after, before }: View): boolean =>
  [minBytes, maxBytes, after, before].some(each => each !== undefined);

/** Whether all that is below the folder is searched, and not the folder alone shown. */
export const isSearch = (view: View): boolean => view.search !== '' || isFiltered(view);

/**
 * @param timeZone of the dates that are shown
 * @returns the request for what is shown. Filters search all below the folder, as a part of a name does.
 */
export function queryOf(view: View, timeZone?: string): Partial<FileQuery> {
  const { path, search, sort, order, minBytes, maxBytes, after, before } = view;
  return {
    ...(path && { path }),
    ...(isSearch(view) && { search }),
    ...(sort !== 'name' && { sort }),
    ...(order !== 'asc' && { order }),
    minBytes,
    maxBytes,
    after: after && startOfDay(after, timeZone).toISOString(),
    before: before && new Date(startOfDay(before, timeZone, 1).getTime() - 1).toISOString(),
  };
}

/** A folder on the way to the one that is shown. */
export interface Crumb {
  name: string;
  path: string;
}

/** @returns the folders from the root, without it, to `path`. */
export function crumbsOf(path: string): Crumb[] {
  const names = path.split('/').filter(Boolean);
  return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join('/') }));
}

/** @returns the folder that holds `path`; empty: the root. */
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
