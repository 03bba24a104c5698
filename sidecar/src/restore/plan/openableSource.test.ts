import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity } from '../../archive/age/keys.ts';
import { newIdentity } from '../../archive/age/keys.ts';
import { manifestName } from '../../archive/name.ts';
import type { Destination } from '../../destinations/destination.ts';
import { encryptedDestination } from '../../destinations/encryption/encrypted.ts';
import { keyRing } from '../../destinations/encryption/keyRing.ts';
import { StageError } from '../../errors.ts';
import { exampleManifest } from '../../testing/archive/exampleManifest.ts';
import { storedBackup } from '../../testing/archive/storedBackup.ts';
import { failing } from '../../testing/destinations/failingDestination.ts';
import { fixedPlaces } from '../../testing/destinations/fixedPlaces.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { findOpenableSource } from './openableSource.ts';

const signal = new AbortController().signal;
const ours = newIdentity();
const keys = keyRing();
beforeEach(() => {
  keys.lock('sealed');
});

/** @returns a world with a backup whose copies are at these destinations. */
async function worldWith(...destinations: Destination[]) {
  const { run, archive, key } = await storedBackup();
  const [copy] = run.copies;
  if (!copy) throw new Error('the example has no copy');
  const copies = destinations.map(({ id }) => ({
    ...copy,
    destination: id,
    key: id === 'sealed' ? `${key}.age` : key,
  }));
  for (const [at, { key: name }] of copies.entries())
    await (await destinations[at]?.stage(name, Readable.from([archive])))?.publish();
  keys.lock('sealed'); // storing an archive leaves its key in memory
  const places = fixedPlaces(destinations);
  const history = { get: (id: string) => (id === run.id ? { ...run, copies } : undefined) };
  return { world: { places, history }, run, key };
}
const sealed = () =>
  encryptedDestination(
    { ...memoryDestination(), id: 'sealed' },
    {
      whom: { recipients: [ours] },
      keys: keys.of('sealed'),
    }
  );

describe('the archive of a plan', () => {
  it('is refused while no key decrypts it, and found with the key', async () => {
    const { world, run, key } = await worldWith(sealed());
    const found = await findOpenableSource(run.id, world, signal);
    expect(found).toMatchObject({
      source: { key: `${key}.age` },
      locked: { reason: 'ArchiveLocked', hint: expect.stringContaining('unlock destination') },
    });
    keys.unlock('sealed', { identities: [ours], passphrases: [] });
    expect((await findOpenableSource(run.id, world, signal)).locked).toBeUndefined();
  });

  it('is refused where a key is lacking for the full archive that it needs', async () => {
    const inner = { ...memoryDestination(), id: 'sealed' };
    const sealedFor = (whom: Identity) =>
      encryptedDestination(inner, { whom: { recipients: [whom] }, keys: keys.of('sealed') });
    const to = sealedFor(ours);
    const archive = Buffer.from('full');
    const full = exampleManifest({ runId: '01full', bytes: archive.length });
    full.archive += '.age';
    full.index = null;
    const earlier = newIdentity();
    await (await sealedFor(earlier).stage(full.archive, Readable.from([archive]))).publish();
    await to.put(manifestName(full.archive), JSON.stringify(full));
    const { world, run } = await worldWith(to);
    const links = [{ ...full, archive: full.archive.replace(/\.age$/, '') }];
    const get = (id: string) => {
      const found = world.history.get(id);
      return found && { ...found, chain: { links } };
    };
    const find = async () =>
      await findOpenableSource(run.id, { ...world, history: { get } }, signal);
    keys.unlock('sealed', { identities: [ours], passphrases: [] });
    expect((await find()).locked).toMatchObject({
      reason: 'NoMatchingKey',
      message: expect.stringContaining('01full'),
    });
    keys.unlock('sealed', { identities: [earlier], passphrases: [] });
    expect((await find()).locked).toBeUndefined();
  });

  it('is the next copy where the nearest is locked', async () => {
    const plain = { ...memoryDestination(), id: 'plain', isNear: false };
    const { world, run, key } = await worldWith({ ...sealed(), isNear: true }, plain);
    const found = await findOpenableSource(run.id, world, signal);
    expect(found).toMatchObject({ source: { key }, locked: undefined });
  });

  it('is not called locked where reading fails for another reason', async () => {
    const broken = new StageError('checksum', 'ConnectionBroke', 'm', 'h', 'transient');
    const to = sealed();
    const { world, run } = await worldWith({ ...to, open: failing(to, 'open', broken).open });
    expect((await findOpenableSource(run.id, world, signal)).locked).toBeUndefined();
  });
});
