import { beforeEach, expect, it } from 'vitest';
import type { Action } from '../../cluster/gateway/access.ts';
import { failureOfTime } from '../../cluster/gateway/apiFailure.ts';
import { openNamespaces } from './openNamespaces.ts';

let asked: Action[];
let clock: number;
let most: number;
/** What the API server answers; it throws when it does not. */
let mayI: (action: Action) => boolean | Promise<boolean>;
const now = () => clock;

const started = (patienceMs = 1_000, isSelected?: (namespace: string) => boolean) => {
  let open = 0;
  return openNamespaces(
    {
      async mayI(action) {
        asked.push(action);
        most = Math.max(most, (open += 1));
        await new Promise(resolve => setImmediate(resolve));
        open -= 1;
        return await mayI(action);
      },
    },
    { now, patienceMs, isSelected }
  );
};
const away = (): never => {
  throw failureOfTime('POST selfsubjectaccessreviews', 10_000);
};
const settled = () => new Promise(resolve => setTimeout(resolve, 20));

beforeEach(() => {
  asked = [];
  clock = 0;
  most = 0;
  mayI = ({ namespace }) => namespace === 'shop';
});

it('is open when pods may be created and talked to', async () => {
  const open = started();
  expect(await open.known('shop')).toBe(true);
  expect(await open.known('locked')).toBe(false);
  mayI = ({ namespace, subresource }) => namespace === 'shop' && !subresource;
  expect(await open.ask('shop')).toBe(false);
});

it('asks few questions at once for many namespaces, and one for each that is not open', async () => {
  const open = started();
  const names = Array.from({ length: 301 }, (_, index) => `ns-${index}`);
  expect(new Set(await Promise.all(names.map(open.known)))).toEqual(new Set([false]));
  expect(most).toBeLessThanOrEqual(3);
  expect(asked.length).toBeLessThanOrEqual(301 + 3);
});

it('asks no namespace when it may do so everywhere', async () => {
  mayI = () => true;
  const open = started();
  const names = Array.from({ length: 301 }, (_, index) => `ns-${index}`);
  expect(new Set(await Promise.all(names.map(open.known)))).toEqual(new Set([true]));
  expect(asked.length).toBeLessThanOrEqual(6);
  expect(asked.every(({ namespace }) => namespace === undefined)).toBe(true);
});

it('makes one question of equal ones', async () => {
  const open = started();
  await Promise.all(Array.from({ length: 50 }, () => open.ask('locked')));
  expect(asked).toHaveLength(2); // everywhere, and there
});

it('gives an old answer at once, and asks again meanwhile', async () => {
  const open = started();
  await open.known('shop');
  mayI = () => false;
  clock = 14_000;
  expect(await open.known('shop')).toBe(true);
  await settled();
  expect(await open.known('shop')).toBe(true);
  clock = 16_000;
  expect(await open.known('shop')).toBe(true);
  await settled();
  expect(await open.known('shop')).toBe(false);
});

it('asks about each of many namespaces less often', async () => {
  const open = started();
  const names = Array.from({ length: 300 }, (_, index) => `ns-${index}`);
  await Promise.all(names.map(open.known));
  asked = [];
  clock = 29_000;
  await Promise.all(names.map(open.known));
  await settled();
  expect(asked).toEqual([]);
  clock = 31_000;
  await Promise.all(names.map(open.known));
  await settled();
  expect(asked.length).toBeGreaterThanOrEqual(300);
});

it('does not know, and does not fail, when the API server does not say', async () => {
  mayI = away;
  const open = started();
  expect(await open.known('shop')).toBe('unknown');
  expect(await open.ask('shop')).toBe('unknown');
  mayI = ({ namespace }) => namespace === 'shop';
  expect(await open.ask('shop')).toBe(true);
});

it('does not wait for an API server that hangs', async () => {
  mayI = () => new Promise(() => undefined);
  expect(await started(10).known('shop')).toBe('unknown');
});

it('keeps the last answer for some minutes while the API server does not say', async () => {
  const open = started();
  await open.ask('shop');
  mayI = away;
  clock = 4 * 60_000;
  expect(await open.ask('shop')).toBe(true);
  clock = 6 * 60_000;
  expect(await open.ask('shop')).toBe('unknown');
});

const NOWHERE_BUT_SHOP = ({ namespace }: Action) => namespace === 'shop';
const everywhere = () => true;

it.each<[string, (action: Action) => boolean, object]>([
  ['one by one', NOWHERE_BUT_SHOP, { shop: true, bank: false }],
  ['for the whole cluster', everywhere, { shop: 'unselected', bank: true }],
])('a selector limits rights only where they are given %s', async (_, rights, expected) => {
  mayI = rights;
  const open = started(undefined, namespace => namespace === 'bank');
  expect({ shop: await open.ask('shop'), bank: await open.ask('bank') }).toEqual(expected);
});

it('closes a namespace at once when a label is taken away, also while the API server does not say', async () => {
  let labelled = true;
  mayI = everywhere;
  const open = started(undefined, () => labelled);
  expect(await open.known('shop')).toBe(true);
  labelled = false;
  expect(await open.known('shop')).toBe('unselected');
  mayI = away;
  expect(await open.ask('shop')).toBe('unselected');
});

it.each([
  ['namespaces', () => false, undefined],
  ['namespaces', NOWHERE_BUT_SHOP, undefined],
  ['namespaces', () => false, everywhere],
  ['cluster', everywhere, undefined],
  ['selector', everywhere, everywhere],
  ['unknown', away, undefined],
] as const)('has the scope %s', async (scope, rights, isSelected) => {
  mayI = rights;
  expect(await started(undefined, isSelected).scope()).toBe(scope);
});
