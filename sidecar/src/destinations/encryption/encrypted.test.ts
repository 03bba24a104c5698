import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decrypting } from '../../archive/age/decrypt.ts';
import type { Identity } from '../../archive/age/keys.ts';
import { newIdentity } from '../../archive/age/keys.ts';
import type { Recipients } from '../../archive/age/wrap.ts';
import { unwrapFileKey } from '../../archive/age/wrap.ts';
import { describeDestination } from '../../testing/destinations/destinationSuite.ts';
import type { MemoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import type { Destination } from '../destination.ts';
import { localDestination } from '../directory/local.ts';
import { encryptedDestination } from './encrypted.ts';
import { keyRing } from './keyRing.ts';

const KEY = 'kind__shop__orders-db__20261120T101112Z__01k0example.tar.gz.age';

/** The suite's archives have no `.age`; here they are encrypted all the same. */
const encrypts = (key: string) => key.endsWith('.tar.gz');

function unlockedFor(identity: Identity) {
  const ring = keyRing();
  ring.unlock('place', { identities: [identity], passphrases: [] });
  return { whom: { recipients: [identity] }, keys: ring.of('place'), encrypts };
}

describeDestination('encrypted, in memory', async () => {
  const storage = memoryStorage();
  const identity = newIdentity();
  const view = (installation?: string) =>
    encryptedDestination(memoryDestination(storage, installation), unlockedFor(identity));
  return {
    destination: view(),
    restarted: () => view(),
    ofAnother: () => view('another'),
  };
});

describeDestination('encrypted, in a directory', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'encrypted-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const identity = newIdentity();
  const view = (installation: string) =>
    encryptedDestination(localDestination(dir, { installation }), unlockedFor(identity));
  return {
    destination: view('this'),
    restarted: () => view('this'),
    ofAnother: () => view('another'),
  };
});

describe('an encrypted destination', () => {
  const identity = newIdentity();
  const given = (key: Identity) => ({ identities: [key], passphrases: [] });
  const store = async (to: Destination, plain: Buffer, key = KEY) => {
    const staged = await to.stage(key, Readable.from([plain]));
    await staged.publish();
    return staged;
  };
  function world(storage: MemoryStorage = memoryStorage()) {
    const ring = keyRing();
    const open = () =>
      encryptedDestination(memoryDestination(storage), {
        whom: { recipients: [identity] },
        keys: ring.of('offsite'),
      });
    return { storage, ring, destination: open(), open };
  }

  it('stores a file that its key opens, and says how it is stored', async () => {
    const { storage, destination } = world();
    const plain = randomBytes(200_000);
    const { bytes, stored } = await store(destination, plain);
    const file = storage.archives.get(KEY)!;
    expect({ bytes, stored }).toEqual({
      bytes: plain.length,
      stored: { bytes: file.length, sha256: createHash('sha256').update(file).digest('hex') },
    });
    expect(file.includes(plain.subarray(0, 100))).toBe(false);
    const opening = decrypting(header => unwrapFileKey(header, given(identity)));
    expect((await buffer(Readable.from([file]).compose(opening))).equals(plain)).toBe(true);
    expect(await destination.stat(KEY)).toMatchObject({ bytes: plain.length });
  });

  it('encrypts indexes, and leaves manifests as they are', async () => {
    const { storage, destination } = world();
    await destination.put(`${KEY}.json`, '{"a":1}');
    await destination.put('a.index.gz.age', 'names of files');
    expect(String(storage.archives.get(`${KEY}.json`))).toBe('{"a":1}');
    expect(String(storage.archives.get('a.index.gz.age'))).toMatch(/^age-encryption.org/);
  });

  it.each(['a.tar.gz', 'a.tar', 'a.tar.gz.index.gz'])('stores no plain %s', async key => {
    const { storage, destination } = world();
    const body = Readable.from([Buffer.from('names and contents')]);
    await expect(destination.stage(key, body)).rejects.toMatchObject({ reason: 'NotEncrypted' });
    expect({ size: storage.archives.size, isClosed: body.destroyed }).toEqual({
      size: 0,
      isClosed: true,
    });
    storage.archives.set(key, Buffer.from('of earlier settings'));
    expect(String(await buffer(await destination.open(key)))).toBe('of earlier settings');
  });

  it('after a restart it is locked for reading, not for writing or proving', async () => {
    const first = world();
    const plain = Buffer.from('archive');
    await store(first.destination, plain);
    const { destination, ring, open } = world(first.storage);
    for (const range of [undefined, { start: 0, end: 1 }]) {
      await expect(destination.open(KEY, { range })).rejects.toMatchObject({
        name: 'StageError',
        stage: 'checksum',
        reason: 'ArchiveLocked',
        hint: expect.stringMatching(/unlock destination memory with its secret key/),
      });
    }
    expect(await destination.stat(KEY)).toMatchObject({ bytes: plain.length });
    const staged = await destination.stage('other.tar.gz.age', Readable.from([Buffer.from('new')]));
    expect(String(await buffer((await staged.readBack()).body))).toBe('new');
    ring.unlock('offsite', given(identity));
    expect((await buffer(await destination.open(KEY))).equals(plain)).toBe(true);
    ring.lock('offsite');
    await expect(open().open(KEY)).rejects.toMatchObject({ reason: 'ArchiveLocked' });
  });

  it('what was stored since the start can be read without a key, until it is locked', async () => {
    const { destination, ring } = world();
    await store(destination, Buffer.from('archive'));
    expect(String(await buffer(await destination.open(KEY)))).toBe('archive');
    expect(ring.isUnlocked('offsite')).toBe(false);
    ring.lock('offsite');
    await expect(destination.open(KEY)).rejects.toMatchObject({ reason: 'ArchiveLocked' });
  });

  it('opens a snapshot file only for an increment that has the same keys', async () => {
    const { storage, ring } = world();
    const SNAPSHOT = KEY.replace('.age', '.snapshot.gz.age');
    const forWhom = (whom: Recipients, keys = ring.of('offsite')) =>
      encryptedDestination(memoryDestination(storage), { whom, keys });
    const earlier = { recipients: [identity] };
    await store(forWhom(earlier), Buffer.from('snapshot'), SNAPSHOT);
    await store(forWhom(earlier), Buffer.from('archive'));
    ring.unlock('offsite', given(identity));
    expect(String(await buffer(await forWhom(earlier).open(SNAPSHOT)))).toBe('snapshot');
    for (const recipients of [[newIdentity()], [identity, newIdentity()]]) {
      const later = forWhom({ recipients });
      await expect(later.open(SNAPSHOT)).rejects.toMatchObject({ reason: 'ArchiveLocked' });
      expect(String(await buffer(await later.open(KEY)))).toBe('archive');
    }
    const restarted = keyRing();
    restarted.unlock('offsite', given(identity));
    await expect(forWhom(earlier, restarted.of('offsite')).open(SNAPSHOT)).rejects.toMatchObject({
      reason: 'ArchiveLocked',
      message: expect.stringContaining('or NKVM has started since'),
    });
  });

  it('opens a snapshot file with the passphrase of its Secret alone', async () => {
    const { storage } = world();
    const SNAPSHOT = KEY.replace('.age', '.snapshot.gz.age');
    const ring = keyRing();
    const forPassphrase = (passphrase: string) =>
      encryptedDestination(memoryDestination(storage), {
        whom: { passphrase },
        keys: ring.of('offsite'),
      });
    await store(forPassphrase('the first passphrase'), Buffer.from('snapshot'), SNAPSHOT);
    ring.lock('offsite');
    ring.unlock('offsite', { identities: [], passphrases: ['the first passphrase'] });
    const first = await forPassphrase('the first passphrase').open(SNAPSHOT);
    expect(String(await buffer(first))).toBe('snapshot');
    await expect(forPassphrase('another passphrase').open(SNAPSHOT)).rejects.toMatchObject({
      reason: 'NoMatchingKey',
    });
  });

  it('that is locked while a key opens an archive keeps nothing of it', async () => {
    const first = world();
    await store(first.destination, Buffer.from('archive'));
    const ring = keyRing();
    ring.unlock('offsite', given(identity));
    const of = ring.of('offsite');
    const lockedMeanwhile = () => {
      const all = of.given();
      queueMicrotask(() => ring.lock('offsite'));
      return all;
    };
    const inner = memoryDestination(first.storage);
    const whom = { recipients: [identity] };
    const opens = encryptedDestination(inner, { whom, keys: { ...of, given: lockedMeanwhile } });
    expect(String(await buffer(await opens.open(KEY)))).toBe('archive');
    const after = encryptedDestination(inner, { whom, keys: of });
    await expect(after.open(KEY)).rejects.toMatchObject({ reason: 'ArchiveLocked' });
  });

  it('says when it has only keys for other archives', async () => {
    const first = world();
    await store(first.destination, Buffer.from('archive'));
    const { destination, ring } = world(first.storage);
    ring.unlock('offsite', given(newIdentity()));
    await expect(destination.open(KEY)).rejects.toMatchObject({ reason: 'NoMatchingKey' });
  });

  it('reads any part of an archive', async () => {
    const { destination } = world();
    const plain = randomBytes(300_000);
    await store(destination, plain);
    for (const [start, end] of [
      [0, 0],
      [65_530, 65_540],
      [100_000, 299_999],
      [299_999, 400_000],
      [300_000, 300_001],
    ] as const) {
      const part = await buffer(await destination.open(KEY, { range: { start, end } }));
      expect(part.equals(plain.subarray(start, end + 1))).toBe(true);
    }
  });

  it.each([
    ['its header', 3],
    ['the key of the only recipient', 60],
    ['its first bytes', 300],
    ['its last byte', -1],
  ])('finds damage in %s, whether the whole or a part is read', async (_, at) => {
    const { storage, destination, ring } = world();
    ring.unlock('offsite', given(identity));
    await store(destination, Buffer.alloc(1_000, 'x'));
    const damaged = Buffer.from(storage.archives.get(KEY)!);
    damaged[at < 0 ? damaged.length + at : at]! ^= 1;
    storage.archives.set(KEY, damaged);
    for (const range of [undefined, { start: 0, end: 10 }]) {
      const reading = (async () => buffer(await destination.open(KEY, { range })))();
      await expect(reading).rejects.toMatchObject({
        name: 'StageError',
        reason: expect.stringMatching(/AgeBroken|NoMatchingKey/),
        message: expect.stringContaining(`memory:${KEY}`),
      });
    }
  });

  it('does not prove what the storage has changed', async () => {
    const storage = memoryStorage();
    const { destination } = world(storage);
    const staged = await destination.stage(KEY, Readable.from([Buffer.alloc(100_000)]));
    const [temporary] = storage.temporaries;
    temporary!.contents = temporary!.contents.subarray(0, -70_000);
    await expect(buffer((await staged.readBack()).body)).rejects.toMatchObject({
      reason: 'AgeBroken',
    });
  });

  it('reads the archive that is there, also when another had its name before', async () => {
    const { storage, destination, ring, open } = world();
    await store(destination, Buffer.from('first'));
    expect(String(await buffer(await destination.open(KEY)))).toBe('first');
    storage.archives.delete(KEY);
    await store(world(storage).destination, Buffer.from('second one'));
    await expect(destination.open(KEY)).rejects.toMatchObject({ reason: 'ArchiveLocked' });
    ring.unlock('offsite', given(identity));
    expect(String(await buffer(await open().open(KEY)))).toBe('second one');
  });

  it('refuses an invalid public key, before anything is stored', async () => {
    const storage = memoryStorage();
    const body = Readable.from([Buffer.from('archive')]);
    const destination = encryptedDestination(memoryDestination(storage), {
      whom: { recipients: [{ publicKey: Buffer.alloc(32) }] },
      keys: keyRing().of('offsite'),
    });
    await expect(destination.stage(KEY, body)).rejects.toMatchObject({ reason: 'AgeKeyInvalid' });
    expect({ ...storage, isClosed: body.destroyed }).toEqual({
      ...memoryStorage(),
      isClosed: true,
    });
  });

  it('a passphrase of the settings reads as well', async () => {
    const storage = memoryStorage();
    const open = () =>
      encryptedDestination(memoryDestination(storage), {
        whom: { passphrase: 'correct horse battery' },
        keys: keyRing().of('offsite'),
      });
    await store(open(), Buffer.from('archive'));
    expect(String(await buffer(await open().open(KEY)))).toBe('archive');
  });

  it('a file that is not encrypted has its own size, and cannot be read', async () => {
    const { storage, destination } = world();
    storage.archives.set(KEY, Buffer.from('not of age'));
    expect(await destination.stat(KEY)).toMatchObject({ bytes: 10 });
    await expect(destination.open(KEY)).rejects.toMatchObject({ reason: 'AgeBroken' });
  });

  it('tells the storage how much will come, encrypted', async () => {
    const sizes: (number | undefined)[] = [];
    const inner = memoryDestination();
    const destination = encryptedDestination(
      {
        ...inner,
        stage: (key, body, call) => (sizes.push(call?.expectedBytes), inner.stage(key, body, call)),
      },
      { whom: { recipients: [identity] }, keys: keyRing().of('x') }
    );
    const { stored } = await destination.stage(KEY, Readable.from([Buffer.alloc(70_000)]), {
      expectedBytes: 70_000,
    });
    await destination.stage('b.tar.gz.age', Readable.from([]));
    expect(sizes).toEqual([stored?.bytes, undefined]);
  });
});
