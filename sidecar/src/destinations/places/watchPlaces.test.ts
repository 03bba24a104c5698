import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { newIdentity, recipientText } from '../../archive/age/keys.ts';
import { StageError } from '../../errors.ts';
import { noFence } from '../../fence.ts';
import { failing } from '../../testing/destinations/failingDestination.ts';
import { memoryDestination, memoryStorage } from '../../testing/destinations/memoryDestination.ts';
import type { Destination } from '../destination.ts';
import { keysOf } from '../destination.ts';
import type { Kind } from '../kind.ts';
import type { PlacesWorld } from './openPlace.ts';
import type { SecretTexts } from './secret.ts';
import { watchPlaces } from './watchPlaces.ts';

/** A kind whose storage is in memory, by bucket. It counts what is open. */
function testKind() {
  const buckets = new Map<string, ReturnType<typeof memoryStorage>>();
  const open = new Set<string>();
  const world = { wrap: (to: Destination): Destination => to };
  const kind: Kind<{ bucket: string; password?: string | undefined }> = {
    kind: 's3',
    settings: z.strictObject({ bucket: z.string().min(1), password: z.string().optional() }),
    location: ({ bucket }) => `memory://${bucket}`,
    isInsecure: () => false,
    open({ bucket }, { name }) {
      const storage = buckets.get(bucket) ?? memoryStorage();
      buckets.set(bucket, storage);
      open.add(bucket);
      const to = { ...memoryDestination(storage), id: name };
      return world.wrap({ ...to, close: async () => void open.delete(bucket) });
    },
    probes: () => [],
  };
  return { kinds: { s3: kind as Kind<unknown> }, buckets, open, world };
}

let secrets: SecretTexts[];
let logged: string[];
let now: number;
beforeEach(() => {
  secrets = [];
  logged = [];
  now = 0;
});

const secret = (name: string, data: Record<string, string>, annotations = {}): SecretTexts => ({
  name,
  kind: 's3',
  data,
  annotations,
});

function start(differs: Partial<PlacesWorld> = {}) {
  const kind = testKind();
  const listeners = new Set<() => void>();
  const note = (_: object, message: string) => void logged.push(message);
  const places = watchPlaces({
    local: memoryDestination(),
    secrets: {
      all: () => secrets,
      onChange(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    kinds: kind.kinds,
    installation: 'test',
    workDir: '/none',
    ownDirs: [],
    fence: noFence,
    limitMs: 10_000,
    log: { info: note, warn: note, error: note },
    now: () => now,
    idleMs: 0,
    againMs: 0,
    ...differs,
  });
  onTestFinished(() => places.close());
  const change = (next: SecretTexts[]) => {
    secrets = next;
    listeners.forEach(listener => listener());
  };
  return { places, change, ...kind };
}

const namesOf = ({ places }: ReturnType<typeof start>) => places.all().map(({ name }) => name);

describe('the destinations', () => {
  it('are the directory of the settings, and those of Secrets by name', () => {
    secrets = [secret('west', { bucket: 'w' }), secret('east', { bucket: 'e' })];
    const world = start();
    expect(namesOf(world)).toEqual(['local', 'east', 'west']);
    expect(world.places.get('east')).toMatchObject({
      kind: 's3',
      location: 'memory://e',
      isDefault: false,
      isRequired: true,
      archiveForm: 'tar.gz',
    });
    expect(world.places.get('local')).toMatchObject({ kind: 'local', isDefault: true });
    expect(world.places.get('north')).toBeUndefined();
  });

  it('encrypt for the public keys of their Secret, and forget secret keys with it', async () => {
    const identity = newIdentity();
    const recipient = recipientText(identity);
    secrets = [secret('east', { bucket: 'e', ageRecipients: recipient })];
    const { places, buckets, change } = start();
    const place = places.get('east')!;
    expect(place.archiveForm).toBe('tar.gz.age');
    expect(places.status('east')?.encryption).toEqual({
      recipients: [recipient],
      hasPassphrase: false,
    });
    const staged = await place.use().stage('a.tar.gz.age', Readable.from([Buffer.from('plain')]));
    await staged.publish();
    expect(String(buckets.get('e')?.archives.get('a.tar.gz.age'))).toMatch(/^age-encryption.org/);
    places.keys.lock('east');
    await expect(place.use().open('a.tar.gz.age')).rejects.toMatchObject({
      reason: 'ArchiveLocked',
    });
    expect(places.status('east')?.state).toBe('ready');
    places.keys.unlock('east', { identities: [identity], passphrases: [] });
    expect(await text(await place.use().open('a.tar.gz.age'))).toBe('plain');
    change([]);
    expect(places.keys.isUnlocked('east')).toBe(false);
  });

  it('are followed as they come, change and go, without a restart', () => {
    const world = start();
    let told = 0;
    world.places.onChange(() => (told += 1));
    world.change([secret('east', { bucket: 'e' })]);
    expect(namesOf(world)).toEqual(['local', 'east']);
    world.change([secret('east', { bucket: 'other' })]);
    expect(world.places.get('east')?.location).toBe('memory://other');
    world.change([]);
    expect(namesOf(world)).toEqual(['local']);
    expect(told).toBe(3);
  });

  it('have a default that a Secret may be instead of the directory', () => {
    const world = start();
    world.change([secret('east', { bucket: 'e' }, { 'nkvm.io/default': 'true' })]);
    expect(world.places.get('east')?.isDefault).toBe(true);
    expect(world.places.get('local')?.isDefault).toBe(false);
    world.change([secret('east', { bucket: 'e' }, { 'nkvm.io/required': 'false' })]);
    expect(world.places.get('east')).toMatchObject({ isDefault: false, isRequired: false });
    expect(world.places.get('local')?.isDefault).toBe(true);
    expect(world.open.size).toBe(1); // annotations open nothing
  });

  it('that are not valid are there, say why, and are the default all the same', () => {
    secrets = [secret('east', { buket: 'e' }, { 'nkvm.io/default': 'true' })];
    const { places, change } = start();
    const place = places.get('east');
    expect(place?.isDefault).toBe(true);
    expect(() => place?.use()).toThrow(expect.objectContaining({ reason: 'DestinationInvalid' }));
    expect(places.status('east')).toMatchObject({
      state: 'invalid',
      problem: expect.any(StageError),
    });
    change([secret('east', { bucket: 'e' })]);
    expect(place?.use().id).toBe('east');
    expect(places.status('east')).toMatchObject({ state: 'unknown', problem: null });
  });

  it('of Secrets that cannot be one are told of', () => {
    secrets = [secret('local', { bucket: 'e' })];
    const { places } = start();
    expect(places.problems()).toEqual([expect.stringContaining('Secret local is not used')]);
    expect(logged).toEqual(places.problems());
  });
});

describe('a destination whose Secret changes', () => {
  it('goes on with what it began with, and is closed when that has ended', async () => {
    secrets = [secret('east', { bucket: 'old' })];
    const { places, change, open, buckets } = start();
    const old = places.get('east')?.use();
    const staged = await old?.stage('a.tar.gz', Readable.from(['archive']));
    change([secret('east', { bucket: 'new' })]);
    await places.get('east')?.use().put('b.json', '{}');
    expect([...open]).toEqual(['old', 'new']);
    await staged?.publish();
    expect([...(buckets.get('old')?.archives.keys() ?? [])]).toEqual(['a.tar.gz']);
    expect([...(buckets.get('new')?.archives.keys() ?? [])]).toEqual(['b.json']);
    await vi.waitFor(() => expect([...open]).toEqual(['new']));
    await expect(old?.stat('a.tar.gz')).rejects.toMatchObject({
      reason: 'DestinationReplaced',
      class: 'transient',
    });
  });

  it('is not closed while something is read from it', async () => {
    secrets = [secret('east', { bucket: 'old' })];
    const { places, change, open } = start();
    const old = places.get('east')?.use();
    await old?.put('a.json', '{}');
    const body = await old?.open('a.json');
    change([]);
    expect([...open]).toEqual(['old']);
    expect(body && (await text(body))).toBe('{}');
    await vi.waitFor(() => expect([...open]).toEqual([]));
  });

  it('is closed at the end, and everything else with it', async () => {
    secrets = [secret('east', { bucket: 'old' })];
    const { places, change, open } = start();
    await places
      .get('east')
      ?.use()
      .stage('a.tar.gz', Readable.from(['archive']));
    change([secret('east', { bucket: 'new' })]);
    expect(open.size).toBe(2);
    await places.close();
    expect(open.size).toBe(0);
  });
});

describe('a destination that is away', () => {
  const away = new StageError('copy', 'ConnectionRefused', 'nothing listens', 'h', 'transient');
  const isAway = (to: Destination): Destination => ({
    ...failing(failing(to, 'stage', away), 'put', away),
    stat: async () => Promise.reject(away),
  });

  it('costs one failed attempt, then nothing is sent there for a while', async () => {
    secrets = [secret('east', { bucket: 'e' })];
    const { places, world, change } = start();
    world.wrap = isAway;
    change([secret('east', { bucket: 'away' })]);
    const place = places.get('east');
    const attempt = () => place?.use().put('a.json', '{}');
    await expect(attempt()).rejects.toMatchObject({ reason: 'ConnectionRefused' });
    expect(attempt).toThrow(
      expect.objectContaining({
        reason: 'DestinationPaused',
        class: 'transient',
        retryAt: expect.any(Date),
      })
    );
    await vi.waitFor(() => expect(places.status('east')?.state).toBe('paused'));
    expect(places.status('east')).toMatchObject({
      problem: { reason: 'ConnectionRefused' },
      retryAt: new Date(30_000),
    });
    expect(attempt).toThrow(
      expect.objectContaining({ message: expect.stringContaining('nothing listens') })
    );
  });

  it('names the archive of nobody else while it is paused', async () => {
    const key = 'kind__shop__orders-db__20261120T101112Z__01k0example.tar.gz';
    const stalled = new StageError(
      'copy',
      'DestinationStalled',
      `destination east: h took no byte any more (store ${key}); it was about memory://e/.x/${key}.json`,
      `see ${key}`,
      'transient'
    );
    secrets = [secret('east', { bucket: 'e' })];
    const { places, world, change } = start();
    world.wrap = to => failing(to, 'put', stalled);
    change([secret('east', { bucket: 'away' })]);
    const place = places.get('east');
    const held = place?.use();
    for (const name of ['a', 'b', 'c'])
      await expect(held?.put(name, '{}')).rejects.toMatchObject({ reason: 'DestinationStalled' });
    let error: unknown;
    try {
      place?.use();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      reason: 'DestinationPaused',
      message: expect.stringContaining(
        'h took no byte any more (store …); it was about memory://e/.x/…'
      ),
      hint: 'see …',
    });
    expect(`${error}`).not.toMatch(/shop|orders-db/);
  });

  it('is used again after its pause, for one trial', async () => {
    secrets = [secret('east', { bucket: 'e' })];
    const { places, world, change } = start();
    let isDown = true;
    world.wrap = to => ({
      ...to,
      put: async (...words) => (isDown ? Promise.reject(away) : to.put(...words)),
    });
    change([secret('east', { bucket: 'away' })]);
    const place = places.get('east');
    const held = place?.use();
    for (const key of ['a', 'b', 'c'])
      await expect(held?.put(key, '{}')).rejects.toMatchObject({ reason: 'ConnectionRefused' });
    expect(places.status('east')?.state).toBe('paused');
    now = 30_000;
    isDown = false;
    const trial = place?.use();
    expect(() => place?.use()).toThrow(expect.objectContaining({ reason: 'DestinationPaused' }));
    await trial?.put('d', '{}');
    expect(places.status('east')).toMatchObject({ state: 'ready', problem: null, retryAt: null });
    expect(await keysOf(place?.use() as Destination)).toEqual(['d']);
  });

  it('does not pause the directory of the settings', async () => {
    const { places } = start({ local: isAway(memoryDestination()) });
    const place = places.get('local');
    for (const key of ['a', 'b', 'c', 'd'])
      await expect(place?.use().put(key, '')).rejects.toMatchObject({
        reason: 'ConnectionRefused',
      });
    expect(places.status('local')).toMatchObject({ state: 'failing', problem: away });
  });
});

describe('a destination that refuses', () => {
  it('is failing, says why, and is tried by every run', async () => {
    const refusal = new StageError(
      'publish',
      'LoginRefused',
      'wrong password',
      'h',
      'needs-action'
    );
    secrets = [secret('east', { bucket: 'e' })];
    const { places, world, change } = start();
    world.wrap = to => failing(to, 'put', refusal);
    change([secret('east', { bucket: 'no' })]);
    for (const key of ['a', 'b', 'c', 'd'])
      await expect(places.get('east')?.use().put(key, '')).rejects.toBe(refusal);
    expect(places.status('east')).toMatchObject({ state: 'failing', problem: refusal });
  });

  it('shows no password, whatever its library says', async () => {
    const leak = new StageError('copy', 'LoginRefused', 'no: hunter2!', 'h', 'needs-action', {
      cause: new Error('USER u PASS hunter2!'),
    });
    secrets = [secret('east', { bucket: 'e', password: 'hunter2!' })];
    const { places, world, change } = start();
    world.wrap = to => failing(to, 'stat', leak);
    change([secret('east', { bucket: 'no', password: 'hunter2!' })]);
    const error = await places
      .get('east')
      ?.use()
      .stat('a')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'LoginRefused', message: 'no: ***' });
    expect((error as Error).cause).toBeUndefined();
    expect(JSON.stringify([places.status('east'), logged])).not.toContain('hunter2');
  });
});
