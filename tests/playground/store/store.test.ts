import { describe, expect, it } from 'vitest';
import { Failure } from './failure.ts';
import { kindNamed } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { type Change, Store } from './store.ts';

const MAPS = kindNamed('configmaps');

const map = (name: string, more = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: '', creationTimestamp: '' },
  ...more,
});

describe('the store', () => {
  it('gives every change a greater version, deletions too', () => {
    const store = new Store(10);
    const seen: Change[] = [];
    store.subscribe(MAPS, change => seen.push(change));
    const made = store.create(MAPS, map('a'));
    store.update(MAPS, { ...made, data: {} } as KubeObject);
    store.remove(MAPS, 'shop', 'a');
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(seen.map(({ object }) => Number(object.metadata.resourceVersion))).toEqual(
      seen.map(({ version }) => version)
    );
    expect(seen.map(({ version }) => version)).toEqual([1001, 1002, 1003]);
  });

  it('makes no version of an update that changes nothing', () => {
    const store = new Store(10);
    const made = store.create(MAPS, map('a'));
    expect(store.update(MAPS, { ...made })).toBe(made);
    expect(store.version).toBe(1001);
  });

  it('refuses an update of an older version', () => {
    const store = new Store(10);
    const made = store.create(MAPS, map('a'));
    store.update(MAPS, { ...made, data: { a: '1' } } as KubeObject);
    expect(() => store.update(MAPS, { ...made, data: { a: '2' } } as KubeObject)).toThrow(Failure);
  });

  it('remembers so many changes of a kind and no more', () => {
    const store = new Store(2);
    for (const name of ['a', 'b', 'c']) store.create(MAPS, map(name));
    expect(store.since(MAPS, 1001)?.map(({ object }) => object.metadata.name)).toEqual(['b', 'c']);
    expect(store.since(MAPS, 1000)).toBeUndefined();
    expect(store.since(kindNamed('pods'), 1000)).toEqual([]);
    store.forget();
    expect(store.since(MAPS, 1002)).toBeUndefined();
    expect(store.since(MAPS, 1003)).toEqual([]);
  });

  it('lists by namespace, then name', () => {
    const store = new Store(10);
    for (const name of ['b', 'a']) store.create(MAPS, map(name));
    expect(store.list(MAPS).map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    expect(store.list(MAPS, 'sho')).toEqual([]);
  });
});
