import { expect, it, onTestFinished, vi } from 'vitest';
import type { VolumeRef } from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { ChangedRun } from '../../history/history.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { volumeChanges } from './volumeChanges.ts';

function world() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const state = {
    claims: [
      testClaim({ namespace: 'billing', name: 'invoices', uid: 'u-1' }),
      testClaim({ namespace: 'shop', name: 'orders', uid: 'u-2' }),
      testClaim({ namespace: 'shop', name: 'stock', uid: 'u-3' }),
    ] as Claim[],
    versions: new Map([
      ['billing', '1'],
      ['shop', '1'],
    ]),
    joined: [] as string[],
    historyListeners: new Set<(run: ChangedRun) => void>(),
    isBroken: false,
    asked: 0,
    errors: 0,
  };
  const changes = volumeChanges({
    inventory: {
      isReady: () => true,
      claims(namespace) {
        state.joined.push(namespace ?? 'all');
        return state.claims.filter(each => each.namespace === namespace);
      },
      versions() {
        if (state.isBroken) throw new Error('a fault');
        return new Map(state.versions);
      },
    },
    history: {
      onChange(listener) {
        state.historyListeners.add(listener);
        return () => state.historyListeners.delete(listener);
      },
    },
    open: {
      async ask() {
        state.asked += 1;
        return true;
      },
    },
    log: { error: () => (state.errors += 1) },
  });
  const follow = () => {
    const seen: string[][] = [];
    const end = changes.follow((refs: readonly VolumeRef[]) =>
      seen.push(refs.map(({ namespace, name }) => `${namespace}/${name}`))
    );
    return { seen, end };
  };
  const changed = (name = 'stock', namespace = 'shop') =>
    state.historyListeners.forEach(each => each({ id: 'r', namespace, name, status: 'running' }));
  return { state, follow, changed, round: () => vi.advanceTimersByTimeAsync(1_000) };
}

it('compares only the namespaces whose facts have changed, and tells only what differs', async () => {
  const { state, follow, round } = world();
  const { seen } = follow();
  state.joined = [];
  await round();
  expect(state.joined).toEqual([]);
  expect(seen).toEqual([]);

  state.versions.set('shop', '2');
  state.claims = state.claims.map(each =>
    each.name === 'orders' ? { ...each, capacityBytes: 7 } : { ...each }
  );
  await round();
  expect(state.joined).toEqual(['shop']);
  expect(seen).toEqual([['shop/orders']]);
});

it('tells each volume once in a round, however often its run changes', async () => {
  const { follow, changed, round } = world();
  const { seen } = follow();
  for (let at = 0; at < 10_000; at++) changed();
  expect(seen).toEqual([]);
  await round();
  expect(seen).toEqual([['shop/stock']]);
});

it('tells the volumes of a namespace that has gone', async () => {
  const { state, follow, round } = world();
  const { seen } = follow();
  state.versions.delete('shop');
  state.claims = state.claims.filter(({ namespace }) => namespace !== 'shop');
  await round();
  expect(seen).toEqual([['shop/orders', 'shop/stock']]);
});

it('does one round for all who follow, and nothing when nobody does', async () => {
  const { state, follow, changed, round } = world();
  expect(state.historyListeners.size).toBe(0);
  const [one, other] = [follow(), follow()];
  expect(state.historyListeners.size).toBe(1);
  changed();
  state.asked = 0;
  await round();
  expect([one.seen, other.seen]).toEqual([[['shop/stock']], [['shop/stock']]]);
  expect(state.asked).toBe(2);
  one.end();
  other.end();
  expect(state.historyListeners.size).toBe(0);
  await round();
  await round();
  expect(state.asked).toBe(2);
  const later = follow();
  await round();
  expect(later.seen).toEqual([]);
});

it('does not name a volume that is gone, whose run changes', async () => {
  const { follow, changed, round } = world();
  const { seen } = follow();
  changed('of-the-team-before');
  changed('orders', 'gone');
  await round();
  expect(seen).toEqual([]);
});

it('goes on after a fault', async () => {
  const { state, follow, changed, round } = world();
  const { seen } = follow();
  state.isBroken = true;
  changed();
  await round();
  expect(state.errors).toBe(1);
  state.isBroken = false;
  await round();
  expect(seen).toEqual([['shop/stock']]);
});
