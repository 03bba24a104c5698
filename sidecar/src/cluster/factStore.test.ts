import { beforeEach, expect, it } from 'vitest';
import { FactStore } from './factStore.ts';

let store: FactStore<{ phase: string }>;
const put = (namespace: string, name: string, phase = 'Running') =>
  store.set({ namespace, name, fact: { phase } });
const versions = () => [store.version, store.versionIn('shop'), store.versionIn('office')];

beforeEach(() => {
  store = new FactStore();
  put('shop', 'a');
  put('office', 'a', 'Pending');
});

it('keeps facts apart by namespace and name', () => {
  put('shop', 'b', 'Failed');
  expect([...store.in('shop')]).toEqual([{ phase: 'Running' }, { phase: 'Failed' }]);
  expect([...store.in('office')]).toEqual([{ phase: 'Pending' }]);
  expect([...store.in('nowhere')]).toEqual([]);
});

it('keeps facts of the whole cluster', () => {
  put('', 'node-a');
  expect([...store.in()]).toEqual([{ phase: 'Running' }]);
});

it.each<[string, () => void, number[]]>([
  ['a new fact', () => put('shop', 'b'), [3, 2, 1]],
  ['another fact under the same name', () => put('shop', 'a', 'Failed'), [3, 2, 1]],
  ['the same fact again', () => put('shop', 'a'), [2, 1, 1]],
  ['a fact that goes', () => store.delete('office', 'a'), [3, 1, 2]],
  ['nothing that goes', () => store.delete('shop', 'z'), [2, 1, 1]],
  [
    'a new whole',
    () => store.replace([{ namespace: 'shop', name: 'a', fact: { phase: 'x' } }]),
    [5, 3, 2],
  ],
])('after %s the versions of all, shop and office are right', (_, change, expected) => {
  change();
  expect(versions()).toEqual(expected);
});

it('never shows a version of a namespace again, not even when it was empty in between', () => {
  store.delete('office', 'a');
  put('office', 'a', 'Pending');
  expect(store.versionIn('office')).toBe(3);
});

it('names the namespaces that have facts', () => {
  store.delete('office', 'a');
  expect(store.namespaces()).toEqual(['shop']);
});

it('forgets what a new whole does not have', () => {
  store.replace([{ namespace: 'shop', name: 'b', fact: { phase: 'Failed' } }]);
  expect([...store.in('shop')]).toEqual([{ phase: 'Failed' }]);
  expect([...store.in('office')]).toEqual([]);
});
