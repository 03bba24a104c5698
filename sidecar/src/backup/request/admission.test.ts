import { expect, it } from 'vitest';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import { nearlyFull } from '../../destinations/room.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { admissionOf } from './admission.ts';

const claims = [testClaim({ name: 'a' }), testClaim({ name: 'lost', phase: 'Lost' })];
const inventory: Pick<Inventory, 'claim' | 'isReady' | 'namespaces'> = {
  isReady: () => true,
  claim: (_, name) => claims.find(claim => claim.name === name),
  namespaces: () => ['shop'],
};
const volumes = ['a', 'lost', 'none'].map(name => ({ namespace: 'shop', name }));
const open = { ask: async () => true };
const places = () => [{ name: 'local', isDefault: true }];

it('takes the volumes that can be backed up, and says of each other why not', async () => {
  const { claims, refused } = await admissionOf(inventory, open, places).admit(volumes);
  expect(claims.map(({ name }) => name)).toEqual(['a']);
  expect(refused.map(({ volume, error }) => [volume.name, error.reason])).toEqual([
    ['lost', 'ClaimLost'],
    ['none', 'ClaimNotFound'],
  ]);
});

it('takes none while the destination is nearly full', async () => {
  const room = async () => nearlyFull(1, 2);
  const { claims, refused } = await admissionOf(inventory, open, places, room).admit(volumes);
  expect(claims).toEqual([]);
  expect(refused.map(({ error }) => error.reason)).toEqual(
    volumes.map(() => 'DestinationNearlyFull')
  );
});

it('takes none before the volumes are known', async () => {
  const admission = admissionOf({ ...inventory, isReady: () => false }, open, places);
  await expect(admission.admit(volumes)).rejects.toMatchObject({ reason: 'InventoryNotReady' });
});

it('says where each archive is to be stored, and refuses destinations that there are not', async () => {
  const admission = admissionOf(inventory, open, places);
  const [a] = (await admission.admit(volumes)).claims;
  expect(a?.destinations).toEqual(['local']);
  const { claims, refused } = await admission.admit(volumes.slice(0, 1), ['offsite']);
  expect(claims).toEqual([]);
  expect(refused.map(({ error }) => error.reason)).toEqual(['DestinationUnknown']);
});

it('follows the annotation of the claim, and else that of its namespace', async () => {
  const wanting = (wantsDestinations?: string) => ({
    ...inventory,
    claim: () => testClaim({ name: 'a', wantsDestinations }),
    namespace: () => ({ name: 'shop', uid: 'u', createdAt: '', wantsDestinations: 'nas' }),
  });
  const all = () => ['local', 'nas', 'offsite'].map(name => ({ name, isDefault: false }));
  const chosen = async (annotation?: string) =>
    (await admissionOf(wanting(annotation), open, all).admit(volumes.slice(0, 1))).claims[0]
      ?.destinations;
  expect(await chosen('offsite')).toEqual(['offsite']);
  expect(await chosen()).toEqual(['nas']);
});

it('refuses a claim whose annotations about entries to leave out are not valid', async () => {
  const noted = (leaveOutNotes: Record<string, string>) => ({
    ...inventory,
    claim: () => testClaim({ name: 'a', leaveOutNotes }),
  });
  const admit = (notes: Record<string, string>) =>
    admissionOf(noted(notes), open, places).admit(volumes.slice(0, 1));
  expect((await admit({ 'nkvm.io/exclude': './cache' })).claims).toHaveLength(1);
  const wrong: Record<string, string>[] = [
    { 'nkvm.io/exclude': '/cache' },
    { 'nkvm.io/include-mounts': 'yes' },
  ];
  for (const notes of wrong) {
    const { refused } = await admit(notes);
    expect(refused).toMatchObject([
      { error: { stage: 'queue', reason: 'ExcludeInvalid', class: 'needs-action' } },
    ]);
  }
});

it('takes what goes elsewhere while the directory of the settings is nearly full', async () => {
  const room = async () => nearlyFull(1, 2);
  const all = () => ['local', 'nas'].map(name => ({ name, isDefault: name === 'local' }));
  const admission = admissionOf(inventory, open, all, room);
  expect((await admission.admit(volumes.slice(0, 1), ['nas'])).claims).toHaveLength(1);
  expect((await admission.admit(volumes.slice(0, 1))).refused).toMatchObject([
    { error: { reason: 'DestinationNearlyFull' } },
  ]);
});

it('refuses a claim of its own pod, and no other pod’s', async () => {
  const mounted = { name: 'nkvm-0', phase: 'Running', node: 'a', ready: true };
  const claim = testClaim({ name: 'a', pods: [mounted] as never });
  const world = { ...inventory, claim: () => claim };
  const reasons = async (ownPod: { namespace: string; name: string }) =>
    (
      await admissionOf(world, open, places, undefined, ownPod).admit(volumes.slice(0, 1))
    ).refused.map(({ error }) => error.reason);
  expect(await reasons({ namespace: 'shop', name: 'nkvm-0' })).toEqual(['OwnStorage']);
  expect(await reasons({ namespace: 'other', name: 'nkvm-0' })).toEqual([]);
  expect(await reasons({ namespace: 'shop', name: 'nkvm-1' })).toEqual([]);
});
