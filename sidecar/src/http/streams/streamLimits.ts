import type { Subject } from '../../cluster/gateway/access.ts';
import { Refusal } from '../entry/problems.ts';
import { userOf, userTokenOf } from '../rights/caller.ts';

/** How many streams of a kind may be open at once. */
export interface StreamLimits {
  /** With one token; browsers open no more than a few to one host. */
  perToken: number;
  /** Of one user: `nkvm-admin` stands for every administrator. */
  perUser: number;
  total: number;
}

const STREAM_LIMITS: StreamLimits = { perToken: 20, perUser: 100, total: 250 };

/**
 * Counts open streams.
 * @param refuse makes the refusal, e.g. for more than `most` `of user somebody`
 * @returns what takes a place for a caller; it returns what gives the place back.
 * @throws Refusal (429) when there is none.
 */
export function streamPlaces(
  limits: StreamLimits = STREAM_LIMITS,
  refuse: (most: number, whose: string) => Refusal = tooMany
) {
  const taken = new Map<string, number>();
  const add = (key: string, more: 1 | -1): void => {
    const count = (taken.get(key) ?? 0) + more;
    if (count > 0) taken.set(key, count);
    else taken.delete(key);
  };
  return (caller: Subject): (() => void) => {
    const places: [key: string, most: number, whose: string][] = [
      [`token ${userTokenOf(caller)}`, limits.perToken, 'with this token'],
      [`user ${userOf(caller)}`, limits.perUser, `of user ${caller.username}`],
      ['total', limits.total, 'in total'],
    ];
    const full = places.find(([key, most]) => (taken.get(key) ?? 0) >= most);
    if (full) throw refuse(full[1], full[2]);
    for (const [key] of places) add(key, 1);
    let isHeld = true;
    return () => {
      if (isHeld) for (const [key] of places) add(key, -1);
      isHeld = false;
    };
  };
}

const tooMany = (most: number, whose: string): Refusal =>
  new Refusal(
    429,
    'TooManyStreams',
    `${most} event streams are open ${whose}, and no more are allowed`,
    'close pages that are not needed, or ask again without a stream'
  );
