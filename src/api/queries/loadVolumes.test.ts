import { expect, it } from 'vitest';
import type { Volume } from '../../../sidecar/api';
import { aVolume } from '../../testing/samples';
import type { ServedVolumes } from '../clients/client';
import { TokenRefused } from '../session/token';
import { loadAll, loadEach } from './loadVolumes';

const forbidden = Object.assign(new Error('Forbidden - no'), { status: 403 });
const noToken = (namespace: string) => new TokenRefused(namespace, 'nkvm-user', forbidden);
const inShop = aVolume({ namespace: 'shop' });
const inBank = aVolume({ namespace: 'bank' });

/** Answers with what `answers` holds for a namespace ('' for all of them), and refuses the rest. */
function client(answers: Record<string, Volume[]>) {
  const known: (ServedVolumes | undefined)[] = [];
  return {
    known,
    volumes: async (namespace = '', before?: ServedVolumes) => {
      known.push(before);
      const volumes = answers[namespace];
      if (!volumes) throw noToken(namespace);
      return { volumes, incomplete: namespace === 'bank', stale: [], etag: namespace };
    },
  };
}

it('asks once for all namespaces', async () => {
  expect(await loadAll(client({ '': [inBank, inShop] }))).toMatchObject({
    volumes: [inBank, inShop],
    closed: [],
  });
});

it('tells the sidecar what it has, as it was served', async () => {
  const of = client({ '': [inBank, inShop] });
  const first = await loadAll(of);
  await loadAll(of, { ...first, volumes: [] });
  expect(of.known[1]).toBe(first.served['']);
});

it('asks for each namespace at hand, and knows when one is incomplete', async () => {
  const loaded = await loadEach(client({ shop: [inShop], bank: [inBank] }), ['shop', 'bank']);
  expect(loaded).toMatchObject({ volumes: [inShop, inBank], closed: [], incomplete: true });
});

it('names the namespaces that it could not ask', async () => {
  expect(await loadEach(client({ shop: [inShop] }), ['shop', 'bank'])).toMatchObject({
    volumes: [inShop],
    closed: [{ namespace: 'bank', trouble: { kind: 'noRight' } }],
  });
});

it('throws when it could not ask any', async () => {
  await expect(loadEach(client({}), ['shop', 'bank'])).rejects.toMatchObject({
    namespace: 'shop',
  });
});
