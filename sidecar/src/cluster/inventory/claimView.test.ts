import { beforeEach, expect, it } from 'vitest';
import { claim, pod, workload } from '../../testing/cluster/testFacts.ts';
import { FactStore } from '../watch/factStore.ts';
import { ClaimView, type Stores } from './claimView.ts';

let stores: Stores;
let view: ClaimView;

beforeEach(() => {
  stores = {
    claims: new FactStore(),
    pods: new FactStore(),
    workloads: [new FactStore(), new FactStore()],
    volumes: new FactStore(),
    nodes: new FactStore(),
    storageClasses: new FactStore(),
  };
  view = new ClaimView(stores);
  put(stores.claims, claim('b'));
  put(stores.claims, claim('a'));
  put(stores.claims, claim('z', { namespace: 'office' }));
  put(stores.claims, claim('y', { namespace: 'shop-2' }));
});

const put = <Fact extends { name: string; namespace?: string }>(
  store: FactStore<Fact>,
  fact: Fact
) => store.set({ namespace: fact.namespace ?? '', name: fact.name, fact });
const names = (namespace?: string) => view.claims(namespace).map(({ name }) => name);

it('orders by namespace, then name, by code unit', () => {
  expect(names()).toEqual(['z', 'a', 'b', 'y']);
});

it('gives the claims of one namespace', () => {
  expect(names('shop')).toEqual(['a', 'b']);
  expect(names('nowhere')).toEqual([]);
  expect(view.claim('shop', 'a')?.name).toBe('a');
  expect(view.claim('office', 'a')).toBeUndefined();
});

it('does not mix up namespaces', () => {
  put(stores.pods, pod('reader', { namespace: 'office', claims: ['a', 'z'] }));
  put(stores.workloads[0]!, workload('Deployment/web', { namespace: 'office', claims: ['a'] }));
  expect(view.claim('office', 'z')?.owner).toMatchObject({ owner: { kind: 'Pod' } });
  expect(view.claim('shop', 'a')).toMatchObject({ pods: [], owner: { kind: 'Unknown' } });
});

it('looks into every store of workloads', () => {
  put(stores.workloads[0]!, workload('Deployment/web', { claims: ['a'] }));
  put(stores.workloads[1]!, workload('CronJob/nightly', { claims: ['b'] }));
  expect(view.claim('shop', 'a')?.owner).toMatchObject({ owner: { name: 'web' } });
  expect(view.claim('shop', 'b')?.owner).toMatchObject({ owner: { name: 'nightly' } });
});

it.each<[string, () => void]>([
  ['a claim', () => put(stores.claims, claim('a', { phase: 'Lost' }))],
  ['a pod', () => put(stores.pods, pod('x', { claims: ['a'] }))],
  ['a workload', () => put(stores.workloads[1]!, workload('Deployment/web', { claims: ['a'] }))],
  ['a class', () => put(stores.storageClasses, { name: 'standard', waitsForFirstConsumer: true })],
])('sees a change of %s', (_, change) => {
  const before = view.claim('shop', 'a');
  change();
  expect(view.claim('shop', 'a')).not.toEqual(before);
});

it('sees a volume and its node come, in this order', () => {
  const matchExpressions = [{ key: 'zone', operator: 'In', values: ['east'] }];
  put(stores.volumes, {
    name: 'pv-a',
    nodeSelectorTerms: [{ matchExpressions }],
  });
  expect(view.claim('shop', 'a')).toMatchObject({
    node: null,
    nodeSelectorTerms: [{ matchExpressions }],
  });
  put(stores.nodes, {
    name: 'node-a',
    labels: { zone: 'east' },
    unschedulable: false,
    ready: true,
  });
  expect(view.claim('shop', 'a')?.node).toBe('node-a');
});

it('sees the last claim of a namespace go', () => {
  expect(names('office')).toEqual(['z']);
  stores.claims.delete('office', 'z');
  expect(names('office')).toEqual([]);
  expect(names()).toEqual(['a', 'b', 'y']);
});

it('joins a namespace once while nothing in it changes', () => {
  const before = view.claims();
  put(stores.pods, pod('reader', { namespace: 'office', claims: ['z'] }));
  const after = view.claims();
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).toBe(before[1]);
});

it('forgets a namespace that has lost its last claim, even when nobody looks', () => {
  view.claims();
  expect(view.size()).toBe(3);
  stores.claims.delete('office', 'z');
  expect(view.size()).toBe(2);
});

it('joins again when a namespace had no pods for a while', () => {
  put(stores.pods, pod('first', { claims: ['a'] }));
  expect(view.claim('shop', 'a')?.pods).toHaveLength(1);
  stores.pods.delete('shop', 'first');
  put(stores.pods, pod('second', { claims: ['a'] }));
  expect(view.claim('shop', 'a')?.pods).toMatchObject([{ name: 'second' }]);
});

it('gives lists that a caller may change', () => {
  view.claims().length = 0;
  view.claims('shop').length = 0;
  expect(names()).toHaveLength(4);
  expect(names('shop')).toHaveLength(2);
});
