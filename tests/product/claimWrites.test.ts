import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Gateway, gatewayOf } from '../../sidecar/src/cluster/gateway/gateway.ts';
import { claimsOf } from '../../sidecar/src/cluster/inventory/claims.ts';
import type { NewClaim } from '../../sidecar/src/cluster/writes/claimWrites.ts';
import { claimWritesOf } from '../../sidecar/src/cluster/writes/claimWrites.ts';
import { type Playground, startPlayground } from '../playground/playground.ts';
import { namespaceOf } from './drafts.ts';

let playground: Playground;
let gateway: Gateway;

beforeAll(async () => {
  playground = await startPlayground();
  playground.apply([namespaceOf('shop')]);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(playground.kubeconfigFor('admin'));
  gateway = gatewayOf(kubeConfig);
});
afterAll(async () => {
  gateway?.stop();
  await playground?.stop();
});

const claim: NewClaim = {
  namespace: 'shop',
  name: 'restored',
  labels: { app: 'orders' },
  annotations: { 'nkvm.io/restoring': '01a' },
  accessModes: ['ReadWriteOnce'],
  size: '1Gi',
};

it('a claim is tried, made, marked and deleted', async () => {
  const writes = claimWritesOf(gateway);
  const read = () => claimsOf(gateway)('shop', 'restored');

  expect(await writes.tryCreate(claim)).toMatchObject({ storageClass: 'fast' });
  expect(await read()).toBeUndefined();

  const made = await writes.create(claim);
  expect(await read()).toMatchObject({
    uid: made.uid,
    labels: claim.labels,
    annotations: { 'nkvm.io/restoring': '01a' },
  });

  expect(await writes.annotate(made, { 'nkvm.io/restoring': null, a: 'b' })).toBe(true);
  expect((await read())?.annotations).not.toHaveProperty('nkvm.io/restoring');
  expect((await read())?.annotations).toHaveProperty('a', 'b');

  expect(await writes.remove(made, { limitMs: 5_000 })).toBe(true);
  expect(await read()).toBeUndefined();
});

it('a claim that somebody else has made of that name is not touched', async () => {
  const writes = claimWritesOf(gateway);
  const other = await writes.create(claim);
  const before = { ...other, uid: '00000000-0000-0000-0000-000000000000' };

  await expect(writes.create(claim)).rejects.toMatchObject({ reason: 'AlreadyExists' });
  await expect(writes.tryCreate(claim)).rejects.toMatchObject({ reason: 'AlreadyExists' });
  expect(await writes.annotate(before, { a: 'b' })).toBe(false);
  expect(await writes.remove(before, { limitMs: 0 })).toBe(true);
  const now = await claimsOf(gateway)('shop', 'restored');
  expect(now?.uid).toBe(other.uid);
  expect(now?.annotations).not.toHaveProperty('a');
});

it('a creation whose answer was lost is found again', async () => {
  let losses = 1;
  const lossy: Pick<Gateway, 'json'> = {
    async json(call) {
      if (call.method !== 'POST' || losses === 0) return await gateway.json(call);
      losses -= 1;
      await gateway.json(call);
      return await gateway.json(call); // the second try, after the first answer was lost
    },
  };
  const made = await claimWritesOf(lossy).create({ ...claim, name: 'lost' });
  expect((await claimsOf(gateway)('shop', 'lost'))?.uid).toBe(made.uid);
});

it('a claim in a namespace that is not there is refused in the API server’s own words', async () => {
  await expect(
    claimWritesOf(gateway).tryCreate({ ...claim, namespace: 'nowhere' })
  ).rejects.toMatchObject({ kind: 'notFound', message: /namespaces "nowhere" not found/ });
});
