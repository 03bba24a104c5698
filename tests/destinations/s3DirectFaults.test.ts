import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import type { DirectTerms } from '../../sidecar/src/destinations/direct.ts';
import { StageError } from '../../sidecar/src/errors.ts';
import { pushTransport } from '../../sidecar/src/helper/push/pushTransport.ts';
import type { Transport } from '../../sidecar/src/helper/transport.ts';
import type { JobEnd } from '../../sidecar/src/jobs/job.ts';
import { CANCELLED } from '../../sidecar/src/jobs/job.ts';
import { fixedPlaces } from '../../sidecar/src/testing/destinations/fixedPlaces.ts';
import { testListener } from '../../sidecar/src/testing/helper/pushWorld.ts';
import type { Fate, Passing } from '../servers/requestProxy.ts';
import { s3Refusal } from '../servers/requestProxy.ts';
import type { VersitygwServer } from '../servers/versitygw.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';
import type { DirectWorld } from './directWorld.ts';
import { directWorld, isOfHelper, partOf, SMALL_PARTS, withTerms } from './directWorld.ts';

const MiB = 1024 ** 2;

describe.skipIf(versitygwMissing)(`faults of direct uploads ${versitygwMissing ?? ''}`, () => {
  let server: VersitygwServer;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server.stop());

  const nothingIsLeft = async ({ held, cluster }: DirectWorld) => {
    expect(await held()).toEqual({ keys: [], uploads: 0 });
    expect(cluster.existing.size).toBe(0);
  };

  /** Changes requests of the helper for one part, the first `times`. */
  const onPart = (
    world: DirectWorld,
    part: number,
    fate: (request: Passing) => Fate,
    times = 1
  ) => {
    let left = times;
    world.proxy.fate = request =>
      isOfHelper(request) && partOf(request) === part && left-- > 0 ? fate(request) : undefined;
  };
  const flipped = ({ body }: Passing): Fate => {
    const broken = Buffer.from(body);
    broken[1000]! ^= 1;
    return { body: broken };
  };
  const askedFor = ({ proxy }: DirectWorld, part: number) =>
    proxy.seen.filter(request => isOfHelper(request) && partOf(request) === part);

  it.each<[string, (request: Passing) => Fate]>([
    ['its connection breaks', () => 'break'],
    ['the server is busy', () => s3Refusal(503, 'SlowDown')],
    ['it waited for too long', () => s3Refusal(403, 'AccessDenied', 'Request has expired')],
  ])('a part is sent again, with a new signature, when %s', async (_, fate) => {
    const world = await directWorld(server, SMALL_PARTS);
    onPart(world, 2, fate);
    expect(await world.backUp()).toMatchObject({ status: 'success', transport: 'direct' });
    expect(askedFor(world, 2)).toHaveLength(2);
    expect((await world.held()).uploads).toBe(0);
  });

  it('a part that was stored and sent again, because its answer was lost, is there once', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    let lost = false;
    world.proxy.fate = async request => {
      if (lost || !isOfHelper(request) || partOf(request) !== 2) return undefined;
      lost = true;
      const { body, headers, url } = request;
      const again = { 'x-amz-checksum-sha256': String(headers['x-amz-checksum-sha256']) };
      await fetch(world.proxy.endpoint + url, {
        ...{ method: 'PUT', body: new Uint8Array(body), headers: again },
      });
      return 'break';
    };
    expect(await world.backUp()).toMatchObject({ status: 'success', transport: 'direct' });
  });

  /** It is packed once more by another pod, in the same attempt, and nothing of the upload is left. */
  const wentAnotherWay = async (world: DirectWorld, why: string, end: JobEnd) => {
    expect(end).toMatchObject({ status: 'success', transport: 'exec', warnings: [] });
    expect(end.transportReason).toContain('; not to the storage itself: ');
    expect(end.transportReason).toContain(why);
    const { keys, uploads } = await world.held();
    const [{ key = '' } = {}] = end.copies ?? [];
    expect({ keys: keys.sort(), uploads }).toEqual({
      keys: [key, `${key}.index.gz`, `${key}.json`],
      uploads: 0,
    });
    expect(world.cluster.existing.size).toBe(0);
  };

  it('the storage refuses parts after the first: the archive goes through NKVM, in the same attempt', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    onPart(world, 2, () => s3Refusal(403, 'AccessDenied'), 9);
    await wentAnotherWay(world, 'AccessDenied', await world.backUp());
    expect(askedFor(world, 2)).toHaveLength(2);
    expect(await world.backUp()).toMatchObject({
      ...{ status: 'success', transport: 'exec' },
      transportReason: expect.stringContaining('failed a short while ago'),
    });
  });

  it('a part that always arrives damaged is refused by the server', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    onPart(world, 2, flipped, 9);
    await wentAnotherWay(world, 'could not send the archive', await world.backUp());
  });

  it('the other way is pushing, where the pod reaches NKVM', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    onPart(world, 2, () => s3Refusal(403, 'AccessDenied'), 9);
    const transport = pushTransport(await testListener());
    const end = await world.backUp({ transport });
    expect(end).toMatchObject({ status: 'success', transport: 'push' });
    expect(end.transportReason).toContain('AccessDenied');
  });

  it('says why the other way failed, too', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    onPart(world, 2, () => s3Refusal(403, 'AccessDenied'), 9);
    const transport: Transport = {
      deliver: () => Promise.reject(new StageError('exec', 'ExecRefused', 'no', 'no', 'transient')),
    };
    expect(await world.backUp({ transport })).toMatchObject({
      ...{ status: 'failed', reason: 'ExecRefused' },
    });
    await nothingIsLeft(world);
  });

  it.each<[string, (request: Passing) => Fate]>([
    ['arrives damaged', flipped],
    ['is refused', () => s3Refusal(403, 'SignatureDoesNotMatch')],
    [
      'is asked for checksums that the server does not know',
      () => s3Refusal(400, 'InvalidRequest'),
    ],
    ['finds no server', () => 'break'],
  ])('the archive goes through NKVM when its first part %s', async (_, fate) => {
    const world = await directWorld(server, SMALL_PARTS);
    onPart(world, 1, fate, 9);
    expect(await world.backUp()).toMatchObject({
      ...{ status: 'success', transport: 'exec' },
      transportReason: expect.stringContaining('did not take the first part'),
    });
    expect((await world.held()).uploads).toBe(0);
  });

  /** What the server says of its parts. */
  const listing = (world: DirectWorld, change: (xml: string) => string, from = 1) => {
    let asked = 0;
    world.proxy.fate = ({ method, url }) =>
      method === 'GET' && url.includes('uploadId=') && ++asked >= from
        ? { answer: change }
        : undefined;
  };

  it.each<[string, (xml: string) => string]>([
    ['has no checksums', xml => xml.replace(/<ChecksumSHA256>[^<]*<\/ChecksumSHA256>/g, '')],
    ['is empty', xml => xml.replace(/<Part>.*<\/Part>/s, '')],
    ['shows other bytes', xml => xml.replace(/<ChecksumSHA256>...../, '<ChecksumSHA256>AAAAA')],
  ])('the archive goes through NKVM when the list of parts %s', async (_, change) => {
    const world = await directWorld(server, SMALL_PARTS);
    listing(world, change);
    expect(await world.backUp()).toMatchObject({ status: 'success', transport: 'exec' });
    expect((await world.held()).uploads).toBe(0);
  });

  it.each<[string, string, (xml: string) => string]>([
    ['misses a part', 'has 2 parts', xml => xml.replace(/<Part>((?!<Part>).)*<\/Part>/s, '')],
    [
      'shows other bytes of one',
      'another SHA-256',
      xml => xml.replace(/<ChecksumSHA256>...../, '<ChecksumSHA256>AAAAA'),
    ],
    ['shows another size', 'of 7 bytes', xml => xml.replace(/<Size>\d+/, '<Size>7')],
    [
      'has a part under another number',
      'no part 3',
      xml => xml.replace('<PartNumber>3<', '<PartNumber>4<'),
    ],
  ])('an upload is not completed when the list of its parts %s', async (_, message, change) => {
    const world = await directWorld(server, SMALL_PARTS);
    listing(world, change, 2);
    await wentAnotherWay(world, message, await world.backUp());
  });

  it('an upload is not completed when the seal is not that of what was sent', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    const { cluster } = world;
    const end = await world.backUp({
      cluster: {
        ...cluster,
        async execToEnd(target, command, options) {
          const answer = await cluster.execToEnd(target, command, options);
          const stdout = answer.stdout.replace(/^sha256=..../m, 'sha256=0000');
          return { ...answer, stdout };
        },
      },
    });
    expect(end).toMatchObject({ status: 'failed', stage: 'checksum', reason: 'DigestDiffers' });
    await nothingIsLeft(world);
  });

  /** The destination, as helpers with these terms see it. */
  const seenWith = (
    { destination }: DirectWorld,
    change: (terms: DirectTerms) => Partial<DirectTerms>
  ) => ({ places: fixedPlaces([withTerms(destination, change)]) });

  it.each<[string, Partial<DirectTerms>, string]>([
    ['refuses connections', { port: 1 }, 'ECONNREFUSED'],
    // An address of documentation (RFC 5737): packets get lost, as behind a NetworkPolicy.
    ['does not answer', { host: '192.0.2.1' }, 'cannot reach 192.0.2.1'],
  ])('the archive goes through NKVM when the endpoint %s', async (_, change, why) => {
    const world = await directWorld(server, SMALL_PARTS);
    const end = await world.backUp(seenWith(world, () => change));
    expect(end).toMatchObject({ status: 'success', transport: 'exec' });
    expect(end.transportReason).toContain(why);
    const next = await world.backUp();
    expect(next).toMatchObject({ status: 'success', transport: 'exec' });
    expect(next.transportReason).toContain(why);
  });

  it('parts grow with their numbers', async () => {
    const world = await directWorld(server);
    const sizes = [16, 6, 6, 12];
    const partSizes = [1, 2, 4].map(from => ({ from, bytes: (sizes[from - 1] ?? 0) * MiB }));
    const end = await world.backUp(seenWith(world, () => ({ partSizes })));
    expect(end).toMatchObject({ status: 'success', transport: 'direct' });
    const sent = world.proxy.seen.filter(request => isOfHelper(request) && partOf(request) > 0);
    const bytes = new Map(sent.map(request => [partOf(request), request.body.length / MiB]));
    expect([1, 2, 3].map(number => bytes.get(number))).toEqual([16, 6, 6]);
    expect(bytes.get(4)).toBeLessThan(12);
  });

  it('an archive that fills all parts and goes on takes another way', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    const end = await world.backUp(seenWith(world, () => ({ maxParts: 2 })));
    await wentAnotherWay(world, 'TooManyParts', end);
  });

  it('the archive goes through NKVM where its parts do not fit into the memory of the pod', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    const end = await world.backUp(seenWith(world, () => ({ expectedPart: 1024 ** 5 })));
    expect(end).toMatchObject({ status: 'success', transport: 'exec' });
    expect(end.transportReason).toMatch(/parts of \d+ MiB need more memory than/);
  });

  it('the archive takes another way where commands cannot be fed', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    const execWithInput = () => Promise.reject(new Error('Kubernetes 1.30 is needed'));
    const end = await world.backUp({ cluster: { ...world.cluster, execWithInput } });
    expect(end).toMatchObject({ status: 'success', transport: 'exec' });
    expect(end.transportReason).toContain('did not start');
  });

  it('a part is not signed a second time for other bytes', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    const seen: Destination = {
      ...world.destination,
      stageDirect: async (key, sender, call) =>
        (await world.destination.stageDirect?.(
          key,
          {
            send: (terms, upload, signal) =>
              sender.send(
                terms,
                {
                  ...upload,
                  async sign(part) {
                    await upload.sign({ ...part, bytes: part.bytes + 1 });
                    return await upload.sign(part);
                  },
                },
                signal
              ),
          },
          call
        )) ?? { otherwise: '' },
    };
    const end = await world.backUp({ places: fixedPlaces([seen]) });
    await wentAnotherWay(world, 'a second time, with other bytes', end);
  });

  it('a clock that is off by an hour is no obstacle: signatures have the time of the server', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await world.backUp()).toMatchObject({ status: 'success', transport: 'direct' });
  });

  it('a command that is killed half-way leaves nothing', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    world.proxy.fate = async request => {
      if (isOfHelper(request) && partOf(request) === 2) await world.cluster.stop();
      return undefined;
    };
    expect(await world.backUp()).toMatchObject({
      status: 'failed',
      stage: 'exec',
      reason: 'PackKilled',
    });
    await nothingIsLeft(world);
  });

  it('an upload that broke off is aborted once more when its helper is gone, which may have sent on', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    const { cluster } = world;
    const helpersAtAborts: number[] = [];
    world.proxy.fate = async request => {
      if (request.method === 'DELETE' && request.url.includes('uploadId='))
        helpersAtAborts.push(cluster.existing.size);
      if (isOfHelper(request) && partOf(request) === 2) await cluster.stop();
      return undefined;
    };
    expect(await world.backUp()).toMatchObject({ status: 'failed', reason: 'PackKilled' });
    expect([helpersAtAborts[0], helpersAtAborts.at(-1)]).toEqual([1, 0]);
    await nothingIsLeft(world);
  });

  it('a part that the server takes after the upload was aborted is gone with the next backup', async () => {
    const world = await directWorld(server);
    const parts = () =>
      readdirSync(join(server.files, world.bucket), { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile() && /multipart/.test(entry.parentPath))
        .map(({ name }) => name);
    let arrive: (() => Promise<unknown>) | undefined;
    world.proxy.fate = async passing => {
      if (!isOfHelper(passing) || partOf(passing) !== 2 || arrive) return undefined;
      const { method, url, headers, body } = passing;
      const late = request(server.endpoint + url, { method, headers });
      late.write(body.subarray(0, -1));
      const answered = once(late, 'response');
      arrive = () => (late.end(body.subarray(-1)), answered);
      await world.cluster.stop();
      return 'break';
    };
    expect(await world.backUp()).toMatchObject({ status: 'failed', reason: 'PackKilled' });
    await arrive?.();
    expect(parts()).not.toEqual([]);
    expect(await world.backUp()).toMatchObject({ status: 'success', transport: 'direct' });
    expect(parts()).toEqual([]);
  });

  it('a run that is cancelled half-way leaves nothing', async () => {
    const world = await directWorld(server, SMALL_PARTS);
    const cancel = new AbortController();
    world.proxy.fate = request => {
      if (isOfHelper(request) && partOf(request) === 2) cancel.abort(CANCELLED);
      return undefined;
    };
    expect(await world.backUp({}, cancel.signal)).toMatchObject({ status: 'cancelled' });
    await nothingIsLeft(world);
  });
});
