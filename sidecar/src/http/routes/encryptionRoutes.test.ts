import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identityText, newIdentity, recipientText } from '../../archive/age/keys.ts';
import { encryptedDestination } from '../../destinations/encryption/encrypted.ts';
import type { KeyRing } from '../../destinations/encryption/keyRing.ts';
import { keyRing } from '../../destinations/encryption/keyRing.ts';
import type { PlaceEncryption } from '../../destinations/encryption/settings.ts';
import type { Place } from '../../destinations/places.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import { httpWorld } from '../../testing/httpWorld.ts';
import type { HttpWorld } from '../server.ts';

const [ours, other] = [newIdentity(), newIdentity()];
const KEY = 'a.tar.gz.age';
const RIGHT = 'destinations nkvm/offsite';

async function world(encryption: PlaceEncryption | null = forKeys) {
  const keys: KeyRing = keyRing();
  const place = { name: 'offsite', kind: 's3', location: 's3://b/p at https://h' } as Place;
  const places = {
    all: () => [place],
    get: (name: string) => (name === 'offsite' ? place : undefined),
    status: () => ({ encryption }),
    keys,
  } as unknown as HttpWorld['places'];
  const made = await httpWorld({ places });
  onTestFinished(() => made.close());
  made.grants['keeper'] = [`update ${RIGHT}`, `get ${RIGHT}`];
  made.grants['looker'] = [`get ${RIGHT}`];
  const post = (who: string, what: string, body?: object) =>
    made.ask(who, 'POST', `destinations/${what}`, body);
  return { ...made, keys, post };
}
const forKeys = { recipients: [recipientText(ours)], hasPassphrase: false };

describe('a destination with encrypted archives', () => {
  it('is unlocked with its secret key, reads, and is locked again', async () => {
    const { keys, post } = await world();
    const to = encryptedDestination(memoryDestination(memoryStorage()), {
      whom: { recipients: [ours] },
      keys: keys.of('offsite'),
    });
    await (await to.stage(KEY, Readable.from([Buffer.from('plain')]))).publish();
    expect((await post('keeper', 'offsite/lock')).body).toEqual({ isUnlocked: false });
    await expect(to.open(KEY)).rejects.toMatchObject({ reason: 'ArchiveLocked' });
    const unlocked = await post('keeper', 'offsite/unlock', { identity: identityText(ours) });
    expect(unlocked).toMatchObject({ status: 200, body: { isUnlocked: true } });
    expect(await text(await to.open(KEY))).toBe('plain');
    await post('keeper', 'offsite/lock');
    expect(keys.isUnlocked('offsite')).toBe(false);
  });

  it('is unlocked and locked only by those who may change it', async () => {
    const { keys, post } = await world();
    const body = { identity: identityText(ours) };
    for (const who of ['looker', 'viewer', 'nobody'])
      expect((await post(who, 'offsite/unlock', body)).status).toBe(403);
    expect(keys.isUnlocked('offsite')).toBe(false);
    await post('keeper', 'offsite/unlock', body);
    expect((await post('looker', 'offsite/lock')).status).toBe(403);
    expect(keys.isUnlocked('offsite')).toBe(true);
  });

  it.each([
    ['a key of other archives', { identity: identityText(other) }, 422, 'NoMatchingKey'],
    ['a passphrase where there is none', { passphrase: 'correct horse' }, 422, 'NoMatchingKey'],
    ['what is no key', { identity: 'AGE-SECRET-KEY-1HUNTER2' }, 422, 'AgeKeyInvalid'],
    ['a comment', { identity: '# nothing' }, 422, 'AgeKeyInvalid'],
    ['both', { identity: identityText(ours), passphrase: 'x' }, 400, 'BadRequest'],
    ['nothing', {}, 400, 'BadRequest'],
  ])('is not unlocked with %s, which nothing repeats', async (_, body, status, reason) => {
    const made = await world();
    const answer = await made.post('keeper', 'offsite/unlock', body);
    expect(answer).toMatchObject({ status, body: { reason } });
    expect(made.keys.isUnlocked('offsite')).toBe(false);
    for (const key of Object.values(body)) {
      expect(JSON.stringify(answer.body)).not.toContain(key);
      expect(made.logged).not.toContain(key);
    }
  });

  it('takes a key of earlier archives when it is said to be one', async () => {
    const { keys, post } = await world();
    const identity = identityText(other);
    await post('keeper', 'offsite/unlock', { identity, isEarlier: true });
    expect(keys.of('offsite').given().identities).toEqual([other]);
  });

  it('one that is not there, or does not encrypt, says so', async () => {
    const { post, grants } = await world(null);
    grants['keeper']!.push('update destinations nkvm/gone');
    const body = { identity: identityText(ours) };
    expect((await post('keeper', 'gone/unlock', body)).body).toMatchObject({
      reason: 'DestinationNotFound',
    });
    expect((await post('keeper', 'offsite/unlock', body)).body).toMatchObject({
      reason: 'NotEncrypted',
    });
  });

  it('gives its recovery kit to those who may see it', async () => {
    const { ask } = await world();
    const path = 'destinations/offsite/recovery-kit';
    expect((await ask('nobody', 'GET', path)).status).toBe(403);
    const { body } = await ask('looker', 'GET', path);
    expect(body.fileName).toBe('nkvm-recovery-kit-offsite.txt');
    expect(body.text).toContain(recipientText(ours));
    expect(body.text).toContain('aws s3 cp s3://b/p/ARCHIVE . --endpoint-url https://h');
  });
});
