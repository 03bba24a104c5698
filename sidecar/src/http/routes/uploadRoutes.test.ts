import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { uploadKey } from '../../archive/uploadName.ts';
import { uploadsAt } from '../../browse/uploads.ts';
import { testArchive } from '../../testing/archive/testArchive.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';
import { rightsOf } from '../rights/rights.ts';

const made = testArchive('any', 'mkdir a; echo hello > a/file; head -c 200000 /dev/urandom > big');
let world: HttpTestWorld;

beforeEach(async () => {
  world = await httpWorld();
  world.grants.restorer = ['create persistentvolumeclaims/restore shop'];
  world.grants.archivist = ['get persistentvolumeclaims/archive *'];
});
afterEach(() => world.close());

const GZIP = { 'content-type': 'application/gzip' };
const upload = (
  who: string | undefined,
  body: Buffer,
  namespace = 'shop',
  headers: Record<string, string> = GZIP
) => world.ask(who, 'POST', `uploads?namespace=${namespace}`, body, headers);
const keys = () => [...world.storage.archives.keys()];

describe('an upload', () => {
  it.each<[string, string | undefined, string, number]>([
    ['nobody known', undefined, 'shop', 401],
    ['a caller without the right', 'viewer', 'shop', 403],
    ['a caller with the right in another namespace', 'restorer', 'billing', 403],
    ['a namespace that is not there', 'admin', 'nowhere', 404],
    ['a name that is not one of a namespace', 'admin', 'No_where', 400],
  ])('is refused for %s', async (_, who, namespace, status) => {
    expect(await upload(who, made.archive, namespace)).toMatchObject({ status });
    expect(keys()).toEqual([]);
  });

  it('is taken, checked and known by what it holds', async () => {
    const { status, body } = await upload('restorer', made.archive);
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      bytes: made.archive.length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      files: 4,
      rawBytes: made.tar.length,
      expiresAt: expect.any(String),
    });
    expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect(keys().some(key => key.endsWith('.tar.gz'))).toBe(false);
  });

  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'UploadBroken'],
    ['text', Buffer.from('hello'), 'UploadBroken'],
    ['gzip that holds no tar', gzipSync('hello'), 'UploadBroken'],
    ['a tar that is cut', gzipSync(made.tar.subarray(0, 100_000)), 'UploadBroken'],
    ['an archive that is cut', made.archive.subarray(0, -5), 'UploadBroken'],
    ['a tar without entries', gzipSync(Buffer.alloc(10_240)), 'UploadBroken'],
    [
      'an archive with something after its end',
      gzipSync(Buffer.concat([made.tar, made.tar])),
      'UploadBroken',
    ],
    ['more than is allowed', Buffer.alloc(1_000_001), 'UploadTooBig'],
  ])('is refused when it is %s, and nothing is left', async (_, body, reason) => {
    const answer = await upload('restorer', body);
    expect(answer.body.reason).toBe(reason);
    expect(answer.status).toBe(reason === 'UploadTooBig' ? 413 : 422);
    expect(keys()).toEqual([]);
    expect(world.storage.temporaries.size).toBe(0);
  });

  it('is refused when it is not said to be gzip', async () => {
    for (const type of ['application/json', 'text/plain'])
      expect(
        (await upload('restorer', made.archive, 'shop', { 'content-type': type })).status
      ).toBeGreaterThanOrEqual(400);
    expect(keys()).toEqual([]);
  });

  it('that breaks off leaves nothing, also when it does not say how long it is', async () => {
    await world.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = world.app.server.address() as AddressInfo;
    const request = http.request({
      ...{ port, method: 'POST', path: '/api/v1/uploads?namespace=shop' },
      headers: { ...GZIP, 'x-nkvm-token': 'restorer', 'transfer-encoding': 'chunked' },
    });
    request.on('error', () => undefined);
    request.write(made.archive.subarray(0, 100_000));
    await vi.waitFor(() => expect(world.storage.temporaries.size).toBe(1));
    request.destroy();
    await vi.waitFor(() => expect(world.storage.temporaries.size).toBe(0));
    expect(keys()).toEqual([]);
  });

  it.each<[string, () => Promise<boolean>, number, string]>([
    ['the right ends', async () => false, 403, 'Forbidden'],
    [
      'the API server does not say whether the right has ended',
      async () => Promise.reject(new Error('connection refused')),
      ...([503, 'RightsUnknown'] as const),
    ],
  ])('ends when %s, and leaves nothing', async (_, later, status, reason) => {
    await world.close();
    let may = async () => true;
    let now = 0;
    // Each answer is too old for the next question.
    const rights = rightsOf({ may: () => may() }, () => (now += 20_000));
    world = await httpWorld({ rights, streamOptions: { lookAgainMs: 20 } });
    await world.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = world.app.server.address() as AddressInfo;
    const request = http.request({
      ...{ port, method: 'POST', path: '/api/v1/uploads?namespace=shop' },
      headers: { ...GZIP, 'x-nkvm-token': 'admin', 'transfer-encoding': 'chunked' },
    });
    onTestFinished(() => void request.destroy());
    request.on('error', () => undefined);
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    request.write(made.archive.subarray(0, 100_000));
    await vi.waitFor(() => expect(world.storage.temporaries.size).toBe(1));
    may = later;
    const [answer] = await answered;
    expect(answer.statusCode).toBe(status);
    expect(JSON.parse(await text(answer))).toMatchObject({ reason });
    await vi.waitFor(() => expect(world.storage.temporaries.size).toBe(0));
    expect(keys()).toEqual([]);
  });

  it('without a length is stopped when it is too big', async () => {
    await world.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = world.app.server.address() as AddressInfo;
    const request = http.request({
      ...{ port, method: 'POST', path: '/api/v1/uploads?namespace=shop' },
      headers: { ...GZIP, 'x-nkvm-token': 'restorer', 'transfer-encoding': 'chunked' },
    });
    request.on('error', () => undefined);
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    request.end(Buffer.alloc(1_100_000));
    expect((await answered)[0].statusCode).toBe(413);
    expect(keys()).toEqual([]);
  });

  it('is one of few at once', async () => {
    const [first, second] = await Promise.all([
      upload('restorer', made.archive),
      upload('restorer', made.archive),
    ]);
    expect([first.status, second.status].sort()).toEqual([201, 429]);
  });

  it('is browsed and deleted by those who may restore into its namespace', async () => {
    const { id } = (await upload('restorer', made.archive)).body;
    const files = (who: string) => world.ask(who, 'GET', `backups/upload:${id}/files`);
    for (const who of ['viewer', 'archivist']) {
      expect(await files(who)).toMatchObject({ status: 404, body: { reason: 'UploadNotFound' } });
      expect(await world.ask(who, 'DELETE' as 'GET', `uploads/${id}`)).toMatchObject({
        status: 404,
      });
    }
    expect((await files('restorer')).body).toMatchObject({ total: 2, index: 'rebuilt' });
    expect((await world.ask('restorer', 'DELETE' as 'GET', `uploads/${id}`)).status).toBe(204);
    expect(await files('restorer')).toMatchObject({ status: 404 });
    expect(keys()).toEqual([]);
  });

  it('is no key in what is said about it', async () => {
    const { id } = (await upload('restorer', made.archive)).body;
    const key = uploadKey('test', id);
    world.storage.archives.set(key, world.storage.archives.get(key)!.subarray(0, 1_000));
    world.storage.archives.delete(`${key}.index.gz`);
    for (const who of ['restorer', 'admin']) {
      const { status, body } = await world.ask(who, 'GET', `backups/upload:${id}/files`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(body.detail).toMatch(/^the uploaded file is/);
      expect(JSON.stringify(body)).not.toContain(key);
    }
  });

  it('belongs to the namespace that was there, not to a later one of that name', async () => {
    const { id } = (await upload('restorer', made.archive)).body;
    world.namespaces.shop = { ...world.namespaces.shop!, uid: 'another' };
    expect(await world.ask('admin', 'GET', `backups/upload:${id}/files`)).toMatchObject({
      status: 404,
    });
  });
});

describe('uploads', () => {
  const uploads = (now = Date.now, isInUse = () => false) =>
    uploadsAt({
      destination: world.destination,
      installation: 'test',
      ...{
        maxBytes: 1e6,
        floorBytes: 0,
        isInUse,
        onRemove: () => {},
        log: { info: () => {}, warn: () => {} },
        now,
      },
    });

  it('outlive the process, except what was not complete', async () => {
    const { id } = (await upload('restorer', made.archive)).body;
    world.storage.archives.set(uploadKey('test', 'half'), made.archive);
    world.storage.archives.set(uploadKey('another', 'x'), made.archive);
    const later = uploads();
    expect(await later.find(id)).toMatchObject({
      id,
      namespace: 'shop',
      bytes: made.archive.length,
    });
    expect(
      keys()
        .filter(key => key.endsWith('.upload'))
        .sort()
    ).toEqual([uploadKey('another', 'x'), uploadKey('test', id)]);
    later.stop();
  });

  it('are gone after a day, unless a restore needs them', async () => {
    const { id } = (await upload('restorer', made.archive)).body;
    const tomorrow = () => Date.now() + 25 * 3_600_000;
    let isInUse = true;
    const later = uploads(tomorrow, () => isInUse);
    expect(await later.find(id)).toBeDefined();
    await expect(later.remove(id)).rejects.toMatchObject({ reason: 'UploadInUse' });
    isInUse = false;
    expect(await later.find(id)).toBeUndefined();
    later.stop();
  });

  it('leave the space free that must stay free', async () => {
    Object.assign(world.destination, { freeBytes: async () => 1_000 });
    const full = uploadsAt({
      destination: world.destination,
      installation: 'test',
      ...{
        maxBytes: 1e6,
        floorBytes: 2_000,
        isInUse: () => false,
        onRemove: () => {},
        log: { info: () => {}, warn: () => {} },
      },
    });
    expect(await upload('restorer', made.archive)).toMatchObject({ status: 507 });
    full.stop();
    expect(keys()).toEqual([]);
  });
});

describe('uploads together', () => {
  it('take no more than half of the free space', async () => {
    const { length } = made.archive;
    const free = (bytes: number) =>
      Object.assign(world.destination, { freeBytes: async () => bytes });
    free(2 * length);
    expect((await upload('restorer', made.archive)).status).toBe(201);
    free(length);
    expect(await upload('restorer', made.archive)).toMatchObject({
      status: 507,
      body: {
        reason: 'DestinationNearlyFull',
        // How much is free is not for teams.
        detail: expect.stringMatching(/^the upload does not fit[^\d]*$/),
      },
    });
    free(3 * length);
    expect((await upload('restorer', made.archive)).status).toBe(201);
  });

  it('are few for one namespace', async () => {
    const answers = [];
    for (let i = 0; i < 21; i++) answers.push(await upload('restorer', made.archive));
    expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(201), 429]);
    expect(answers.at(-1)!.body.reason).toBe('TooManyUploads');
  });
});

describe('archives that no backup here has', () => {
  it('are listed for those with the right in all namespaces, and of a named cluster for those who may use it', async () => {
    const theirs = 'other__crm__data__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';
    const run = exampleRun();
    const ours = { ...run, copies: [{ ...run.copies[0]!, destination: 'memory' }] };
    await world.history.add([ours]);
    for (const key of [theirs, `${theirs}.json`, 'by-hand.tgz', ours.copies[0]!.key, 'notes.txt'])
      world.storage.archives.set(key, Buffer.from('x'));
    expect(await world.ask('restorer', 'GET', 'archives')).toMatchObject({
      status: 403,
      body: {
        detail: expect.stringContaining('get persistentvolumeclaims/archive in all namespaces'),
      },
    });
    const byHand = expect.objectContaining({
      ...{ key: 'memory/by-hand.tgz', hasManifest: false, cluster: null, bytes: 1 },
    });
    expect((await world.ask('archivist', 'GET', 'archives')).body.archives).toEqual([byHand]);
    world.grants.keeper = [...world.grants.archivist!, 'use clusters nkvm/other'];
    const { body } = await world.ask('keeper', 'GET', 'archives');
    expect(body.isComplete).toBe(true);
    expect(body.archives).toEqual([
      expect.objectContaining({
        key: `memory/${theirs}`,
        hasManifest: true,
        cluster: 'other',
        namespace: 'crm',
        name: 'data',
      }),
      byHand,
    ]);
  });
});
