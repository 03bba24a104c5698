import { expect, it } from 'vitest';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { Destination } from '../../destinations/destination.ts';
import { StageError } from '../../errors.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { populateWorld, storeBackup, waitingClaim } from '../../testing/policy/populateWorld.ts';

const claimsOf = (count: number): Claim[] =>
  Array.from({ length: count }, (_, at) => waitingClaim({ name: `db-${at}`, uid: `uid-${at}` }));

/** A destination whose listings are counted, and that can be away. */
function counted() {
  const inner = memoryDestination();
  const state = { listings: 0, atOnce: 0, most: 0, isAway: false };
  const destination: Destination = {
    ...inner,
    async *list(listing) {
      state.listings += 1;
      state.atOnce += 1;
      state.most = Math.max(state.most, state.atOnce);
      try {
        if (state.isAway)
          throw new StageError('checksum', 'ConnectionRefused', 'away', 'wait', 'transient');
        yield* inner.list(listing);
      } finally {
        state.atOnce -= 1;
      }
    },
  };
  return { destination, state };
}

const { signal } = new AbortController();

it('31 claims that wait for a destination are restored when it answers, with one listing', async () => {
  const { destination, state } = counted();
  const claims = claimsOf(31);
  for (const { name } of claims) await storeBackup(destination, { pvc: name });
  let now = Date.parse('2026-11-27T12:00:00.000Z');
  const { decisionFor } = populateWorld([destination], { claims, now: () => now });
  const decideAll = () => Promise.all(claims.map(claim => decisionFor(claim, { signal })));
  state.isAway = true;
  for (let round = 1; round <= 5; round += 1) {
    expect((await decideAll()).map(({ kind }) => kind)).toEqual(claims.map(() => 'wait'));
    expect(state.listings).toBe(round);
    now += 20_000;
  }
  state.isAway = false;
  const decisions = await decideAll();
  expect(decisions.map(({ kind }) => kind)).toEqual(claims.map(() => 'restore'));
  expect(state).toMatchObject({ listings: 6, most: 1 });
});

it('5,000 claims that come one after the other share listings, too', async () => {
  const { destination, state } = counted();
  const claims = claimsOf(5_000);
  for (const { name } of claims.slice(0, 500)) await storeBackup(destination, { pvc: name });
  const { decisionFor } = populateWorld([destination], { claims });
  const kinds = new Map<string, number>();
  for (let at = 0; at < claims.length; at += 10) {
    const group = claims.slice(at, at + 10);
    for (const { kind } of await Promise.all(group.map(claim => decisionFor(claim, { signal }))))
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  expect(Object.fromEntries(kinds)).toEqual({ restore: 500, empty: 4_500 });
  expect(state.listings).toBe(1);
});

it('a claim that comes while a listing is under way waits for the next one', async () => {
  const { destination, state } = counted();
  const [first, late] = claimsOf(2);
  if (!first || !late) throw new Error('there are two claims');
  let claims = [first];
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const slow: Destination = {
    ...destination,
    async *list(listing) {
      begun.resolve();
      await goOn.promise;
      yield* destination.list(listing);
    },
  };
  const { decisionFor } = populateWorld([slow], {
    inventory: { claims: () => claims, isReady: () => true, namespace: () => undefined },
  });
  const one = decisionFor(first, { signal });
  await begun.promise;
  claims = [first, late];
  await storeBackup(destination, { pvc: late.name });
  const two = decisionFor(late, { signal });
  goOn.resolve();
  expect((await one).kind).toBe('empty');
  expect((await two).kind).toBe('restore');
  expect(state.listings).toBe(2);
});

it('a listing that is older than the newest backup of a claim is not used for it', async () => {
  const { destination, state } = counted();
  const [claim] = claimsOf(1);
  if (!claim) throw new Error('there is one claim');
  let now = Date.parse('2026-11-27T12:00:00.000Z');
  let endedAt: string | null = null;
  const { decisionFor } = populateWorld([destination], {
    claims: [claim],
    now: () => now,
    history: {
      list: () => ({
        backups:
          endedAt === null ? [] : [{ endedAt, clusterUid: null, copies: [], stages: [] } as never],
        nextCursor: null,
        limits: [],
      }),
      get: () => undefined,
      ofBackup: () => [],
    },
  });
  expect((await decisionFor(claim, { signal })).kind).toBe('empty');
  await storeBackup(destination, { pvc: claim.name });
  now += 1_000;
  endedAt = new Date(now - 500).toISOString();
  expect((await decisionFor(claim, { signal })).kind).toBe('restore');
  now += 1_000;
  await decisionFor(claim, { signal });
  expect(state.listings).toBe(2);
});

it('a claim whose caller gives up does not end the listing of the others', async () => {
  const { destination } = counted();
  const claims = claimsOf(2);
  const { decisionFor } = populateWorld([destination], { claims });
  const stop = new AbortController();
  const [first, other] = claims.map((claim, at) =>
    decisionFor(claim, { signal: at === 0 ? stop.signal : signal })
  );
  stop.abort(new Error('given up'));
  await expect(first).rejects.toThrow('given up');
  expect((await other)?.kind).toBe('empty');
});
