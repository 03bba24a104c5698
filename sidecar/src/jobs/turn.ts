import type { Backup } from '../../api/index.ts';
import { PRIORITIES } from '../../api/index.ts';

/** What decides when a queued run may start. */
export interface Turn extends Pick<Backup, 'id' | 'namespace' | 'priority'> {
  /** Node that its helper must run on; null: any. */
  node: string | null;
}

export interface Limits {
  /** Runs side by side, on the whole. */
  total: number;
  /** Runs side by side whose helper must run on the same node. */
  perNode: number;
}

/** What the choice of the next run depends on, besides the queue. */
export interface Served {
  /** Runs under way. */
  running: readonly Turn[];
  /** Namespaces that were served, the latest last; once each is enough. */
  namespaces: readonly string[];
}

/** More than there are namespaces to serve, or runs under way. */
const MANY = 1e6;

/**
 * Chooses the run that starts next:
 *
 * 1. None, when as many run as may.
 * 2. Not one whose node is full: the others go past it.
 * 3. The highest priority.
 * 4. Of those, the namespace with the fewest runs under way, then the one that was served longest ago: a namespace
 *    that asks for 200 backups delays one that asks for one by a single run.
 * 5. Of those, the oldest.
 *
 * @param queue in any order
 */
export function nextTurn<T extends Turn>(
  queue: readonly T[],
  { running, namespaces }: Served,
  limits: Limits
): T | undefined {
  if (running.length >= limits.total) return undefined;
  const busyNodes = new Map<string | null, number>();
  for (const { node } of running) busyNodes.set(node, (busyNodes.get(node) ?? 0) + 1);
  const claims = new Map<string, number>();
  for (const { namespace } of queue) {
    if (claims.has(namespace)) continue;
    const underWay = running.filter(each => each.namespace === namespace).length;
    claims.set(namespace, underWay * MANY + namespaces.lastIndexOf(namespace));
  }
  /** Less is earlier. */
  const rankOf = ({ namespace, priority }: Turn): number =>
    PRIORITIES.indexOf(priority) * MANY * MANY + (claims.get(namespace) ?? 0);
  let best: T | undefined;
  let bestRank = Infinity;
  for (const turn of queue) {
    if (turn.node !== null && (busyNodes.get(turn.node) ?? 0) >= limits.perNode) continue;
    const rank = rankOf(turn);
    if (rank > bestRank || (rank === bestRank && best && turn.id > best.id)) continue;
    best = turn;
    bestRank = rank;
  }
  return best;
}

/** @returns the queue in the order in which it would be served, were there no limit by node. */
export function inTurn<T extends Turn>(queue: readonly T[], served: Served): T[] {
  const left = new Set(queue);
  const namespaces = new Set(served.namespaces);
  const order: T[] = [];
  const limits = { total: Infinity, perNode: Infinity };
  while (left.size > 0) {
    const next = nextTurn(
      [...left],
      { running: served.running, namespaces: [...namespaces] },
      limits
    );
    if (!next) break;
    left.delete(next);
    order.push(next);
    namespaces.delete(next.namespace);
    namespaces.add(next.namespace);
  }
  return order;
}
