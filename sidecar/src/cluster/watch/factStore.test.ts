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
  ['a new fact', () => put('shop', 'b'), [3, 3, 2]],
  ['another fact under the same name', () => put('shop', 'a', 'Failed'), [3, 3, 2]],
  ['the same fact again', () => put('shop', 'a'), [2, 1, 2]],
  ['the last fact of a namespace that goes', () => store.delete('office', 'a'), [3, 1, 0]],
  ['nothing that goes', () => store.delete('shop', 'z'), [2, 1, 2]],
  [
    'a new list',
    () => store.replace([{ namespace: 'shop', name: 'a', fact: { phase: 'x' } }]),
    [4, 3, 0],
  ],
  [
    'a new list that differs in one namespace',
    () =>
      store.replace([
        { namespace: 'shop', name: 'a', fact: { phase: 'Running' } },
        { namespace: 'office', name: 'a', fact: { phase: 'x' } },
      ]),
    [3, 1, 3],
  ],
])('after %s the versions of all, shop and office are right', (_, change, expected) => {
  change();
  expect(versions()).toEqual(expected);
});

it('never shows a version of a namespace again, not even when it was empty in between', () => {
  store.delete('office', 'a');
  put('office', 'a', 'Pending');
  expect(store.versionIn('office')).toBe(4);
});

it('keeps nothing of namespaces that came and went', () => {
  for (let index = 0; index < 1000; index += 1) {
    put(`ci-${index}`, 'a');
    store.delete(`ci-${index}`, 'a');
  }
  put('ci-0', 'a');
  expect(store.namespaces()).toEqual(['shop', 'office', 'ci-0']);
  expect(store.versionIn('ci-0')).toBe(2003);
});

it('tells of each change, with its namespace and the fact that came or went', () => {
  const told: unknown[] = [];
  const end = store.onChange((namespace, fact) => told.push([namespace, fact?.phase]));
  put('shop', 'a', 'Failed');
  put('shop', 'a', 'Failed');
  store.delete('office', 'a');
  store.replace([]);
  end();
  put('shop', 'z');
  expect(told).toEqual([
    ['shop', 'Failed'],
    ['office', 'Pending'],
    ['shop', undefined],
  ]);
});

it('names the namespaces that have facts', () => {
  store.delete('office', 'a');
  expect(store.namespaces()).toEqual(['shop']);
});

it('forgets the facts that a new list does not have', () => {
  store.replace([{ namespace: 'shop', name: 'b', fact: { phase: 'Failed' } }]);
  expect([...store.in('shop')]).toEqual([{ phase: 'Failed' }]);
  expect([...store.in('office')]).toEqual([]);
});
