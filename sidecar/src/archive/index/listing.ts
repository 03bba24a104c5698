import type { ArchiveIndex } from './archiveIndex.ts';
import { DIRECTORY } from './entry.ts';
import { search } from './search.ts';
import { sortByName } from './sortNames.ts';

/** Which entries, and in what order. */
export interface ListQuery {
  /** A directory. */
  node: number;
  /** Part of a name, in any case: all below `node` that have it. Undefined: what is in `node` itself. */
  search?: string | undefined;
  /** Of the contents; directories have none and are left out. */
  minBytes?: number | undefined;
  maxBytes?: number | undefined;
  /** In seconds since 1970, both included. */
  after?: number | undefined;
  before?: number | undefined;
  sort: 'name' | 'size' | 'time';
  order: 'asc' | 'desc';
}

export interface Page {
  nodes: number[];
  /** How many there are in all pages. */
  total: number;
}

/** Results that are kept for their next pages; each takes 4 bytes for an entry. */
const KEPT = 2;

/** Lists the entries of one index, a page at a time, without sorting them again for each page. */
export class Listing {
  private readonly index: ArchiveIndex;
  private readonly results = new Map<string, Promise<Uint32Array>>();

  constructor(index: ArchiveIndex) {
    this.index = index;
  }

  /** @param from how many entries the pages before have */
  async page(query: ListQuery, from: number, limit: number): Promise<Page> {
    const { order, ...rest } = query;
    const all = await this.inOrder(rest);
    const nodes: number[] = [];
    for (let at = from; at < Math.min(from + limit, all.length); at++)
      nodes.push(all[order === 'asc' ? at : all.length - 1 - at]!);
    return { nodes, total: all.length };
  }

  private inOrder(query: Omit<ListQuery, 'order'>): Promise<Uint32Array> | Uint32Array {
    const { node, sort, search: text } = query;
    const isFiltered = [query.minBytes, query.maxBytes, query.after, query.before].some(
      each => each !== undefined
    );
    if (text === undefined && !isFiltered && sort === 'name') return this.index.childrenOf(node);
    const key = JSON.stringify(query);
    const known = this.results.get(key);
    if (known) return known;
    const result = this.find(query);
    this.results.set(key, result);
    result.catch(() => this.results.delete(key));
    for (const oldest of this.results.keys()) {
      if (this.results.size <= KEPT) break;
      this.results.delete(oldest);
    }
    return result;
  }

  private async find(query: Omit<ListQuery, 'order'>): Promise<Uint32Array> {
    const { index } = this;
    const isWanted = filterOf(index, query);
    const { search: text } = query;
    if (text === undefined)
      return sorted(index, index.childrenOf(query.node).filter(isWanted), query.sort);
    const found = await search(index, { node: query.node, text, isWanted });
    sortByName(found, index.columns);
    return sorted(index, found, query.sort);
  }
}

type Filter = Pick<ListQuery, 'minBytes' | 'maxBytes' | 'after' | 'before'>;

function filterOf(index: ArchiveIndex, { minBytes, maxBytes, after, before }: Filter) {
  const { type, seconds, nanos } = index.columns;
  const hasSize = minBytes !== undefined || maxBytes !== undefined;
  const hasTime = after !== undefined || before !== undefined;
  return (node: number): boolean => {
    if (hasSize) {
      if (type[node] === DIRECTORY) return false;
      const size = index.sizeOf(node);
      if (size < (minBytes ?? 0) || size > (maxBytes ?? Infinity)) return false;
    }
    if (!hasTime) return true;
    const time = seconds[node]! + nanos[node]! / 1e9;
    return time >= (after ?? -Infinity) && time <= (before ?? Infinity);
  };
}

/** @param byName in the order of names, which decides between equals */
function sorted(index: ArchiveIndex, byName: Uint32Array, sort: ListQuery['sort']): Uint32Array {
  if (sort === 'name') return byName;
  const { seconds, nanos } = index.columns;
  const keyOf =
    sort === 'size'
      ? (node: number) => index.sizeOf(node)
      : (node: number) => {
          const time = seconds[node]! + nanos[node]! / 1e9;
          return Number.isNaN(time) ? -Number.MAX_VALUE : time;
        };
  const keys = new Float64Array(byName.length);
  const places = new Uint32Array(byName.length);
  for (let at = 0; at < byName.length; at++) {
    keys[at] = keyOf(byName[at]!);
    places[at] = at;
  }
  places.sort((a, b) => keys[a]! - keys[b]! || a - b);
  for (let at = 0; at < places.length; at++) places[at] = byName[places[at]!]!;
  return places;
}
