import { createHash } from 'node:crypto';
import { Refusal } from '../entry/problems.ts';

/**
 * Cursors of lists that do not change: how many entries came before, and a mark of what was asked for.
 * @param asked everything that decides what is in the list, and in what order
 */
export function pageCursor(asked: unknown) {
  const mark = createHash('sha256').update(JSON.stringify(asked)).digest('hex').slice(0, 12);
  return {
    /** @throws Refusal (409) for a cursor of another list. */
    from(cursor: string | undefined): number {
      if (cursor === undefined) return 0;
      const [, from, of] = /^(\d{1,10})-([0-9a-f]{12})$/.exec(cursor) ?? [];
      if (of !== mark) throw badCursor();
      return Number(from);
    },
    /** @returns null when there is no further page. */
    next: (from: number, total: number): string | null => (from < total ? `${from}-${mark}` : null),
  };
}

const badCursor = (): Refusal =>
  new Refusal(
    409,
    'BadCursor',
    'the cursor is not one of this list',
    'use `nextCursor` of a page with the same parameters, or leave it out'
  );
