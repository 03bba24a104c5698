import { expect, it } from 'vitest';
import type { Volume } from '../../sidecar/api';
import { aVolume } from '../testing/samples';
import { loadVolumes } from './loadVolumes';
import { TokenRefused } from './token';

const forbidden = Object.assign(new Error('Forbidden - no'), { status: 403 });
const noToken = (namespace = 'nkvm') => new TokenRefused(namespace, 'nkvm-user', forbidden);
const inShop = aVolume({ namespace: 'shop' });
const inBank = aVolume({ namespace: 'bank' });

/** Answers with what `answers` holds for a namespace ('' for all of them), and refuses the rest. */
const client = (answers: Record<string, Volume[]>) => ({
  volumes: async (namespace = '') => {
    const found = answers[namespace];
    if (!found) throw noToken(namespace || undefined);
    return found;
  },
});

it('asks once for all namespaces', async () => {
  expect(await loadVolumes(client({ '': [inBank, inShop] }), ['shop'])).toEqual({
    volumes: [inBank, inShop],
    failures: [],
  });
});

it('asks for each namespace at hand without the token for all', async () => {
  expect(await loadVolumes(client({ shop: [inShop], bank: [inBank] }), ['shop', 'bank'])).toEqual({
    volumes: [inShop, inBank],
    failures: [],
  });
});

it('names the namespaces that it could not ask', async () => {
  expect(await loadVolumes(client({ shop: [inShop] }), ['shop', 'bank'])).toEqual({
    volumes: [inShop],
    failures: [{ namespace: 'bank', status: 403, message: 'no' }],
  });
});

it('throws when it could not ask any', async () => {
  await expect(loadVolumes(client({}), ['shop', 'bank'])).rejects.toMatchObject({
    namespace: 'shop',
  });
});

it('throws without a namespace at hand', async () => {
  await expect(loadVolumes(client({}), [])).rejects.toMatchObject({ namespace: 'nkvm' });
});

it('does not split a call that failed for another reason', async () => {
  const broken = { volumes: () => Promise.reject(new Error('broken')) };
  await expect(loadVolumes(broken, ['shop'])).rejects.toThrow('broken');
});
