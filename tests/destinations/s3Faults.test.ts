import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keysOf } from '../../sidecar/src/destinations/destination.ts';
import { s3Destination } from '../../sidecar/src/destinations/s3/s3.ts';
import { S3Settings } from '../../sidecar/src/destinations/s3/settings.ts';
import type { FaultyProxy } from '../servers/faultyProxy.ts';
import { startFaultyProxy } from '../servers/faultyProxy.ts';
import { motoMissing, startMoto } from '../servers/moto.ts';
import type { S3Server } from '../servers/s3Server.ts';

const MiB = 1024 ** 2;
const KEY = 'kind__shop__orders-db__20261120T101112Z__01k0example.tar.gz';
const OURS = { name: 'offsite', installation: '0123456789abcdef' };

const bodyOf = (bytes: number) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes; at += MiB)
        yield Buffer.alloc(Math.min(MiB, bytes - at), at / MiB);
    })()
  );

/** An S3 server that says what a test wants. Every request that it gets is kept. */
async function lyingServer(
  answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void
) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    buffer(request).then(
      body => {
        requests.push(`${request.method} ${request.url}`);
        answer(request, response, body);
      },
      () => response.destroy()
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings = S3Settings.parse({
    endpoint: `http://127.0.0.1:${port}`,
    bucket: 'archives',
    accessKeyId: 'access',
    secretAccessKey: 'secret',
  });
  const destination = s3Destination(settings, OURS, { stallMs: 300 });
  onTestFinished(async () => {
    await destination.close();
    server.closeAllConnections();
    server.close();
  });
  return { destination, requests };
}

const say = (response: ServerResponse, status: number, xml = '', headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(xml);
const refuse = (response: ServerResponse, status: number, code: string) =>
  say(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
const EMPTY = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';

describe('a server that lies', () => {
  it('is found out when it acknowledges an archive and stores nothing', async () => {
    const { destination } = await lyingServer(({ method }, response) => {
      if (method === 'HEAD') say(response, 404);
      else if (method === 'GET') say(response, 200, EMPTY);
      else say(response, 200, '', { etag: '"1"' });
    });
    const staged = await destination.stage(KEY, bodyOf(100));
    await staged.publish();
    await expect(staged.confirm()).rejects.toMatchObject({
      stage: 'checksum',
      reason: 'DigestDiffers',
      message: expect.stringContaining('is not there'),
    });
    await expect(destination.put('a.json', '{}')).rejects.toMatchObject({
      stage: 'publish',
      reason: 'DigestDiffers',
    });
  });

  it('is found out when it stores the framing of chunks, or something else', async () => {
    let stored = Buffer.alloc(0);
    const { destination } = await lyingServer(({ method }, response, body) => {
      if (method === 'PUT') stored = Buffer.concat([Buffer.from('64;chunk-signature=\r\n'), body]);
      if (method === 'HEAD' && stored.length)
        response.writeHead(200, { 'content-length': stored.length }).end();
      else if (method === 'HEAD') say(response, 404);
      else say(response, 200, method === 'GET' ? EMPTY : '', { etag: '"1"' });
    });
    const staged = await destination.stage(KEY, bodyOf(100));
    await staged.publish();
    await expect(staged.confirm()).rejects.toMatchObject({ reason: 'DigestDiffers' });
  });

  it('concludes nothing from a listing that is cut', async () => {
    const page = '<Contents><Key>a</Key><Size>1</Size></Contents>';
    const { destination } = await lyingServer((_, response) =>
      say(
        response,
        200,
        `<ListBucketResult><IsTruncated>true</IsTruncated>${page}</ListBucketResult>`
      )
    );
    await expect(keysOf(destination)).rejects.toMatchObject({ reason: 'ListingBroken' });
  });

  it('concludes nothing from a listing that goes round in a circle', async () => {
    const page = '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>';
    const { destination } = await lyingServer((_, response) =>
      say(response, 200, `<ListBucketResult>${page}</ListBucketResult>`)
    );
    await expect(keysOf(destination)).rejects.toMatchObject({ reason: 'ListingBroken' });
  });

  it('never takes a bucket that is gone for an archive that is gone', async () => {
    const { destination } = await lyingServer(({ method }, response) =>
      method === 'HEAD' ? say(response, 404) : refuse(response, 404, 'NoSuchBucket')
    );
    await expect(destination.stat(KEY)).rejects.toMatchObject({ reason: 'BucketMissing' });
    await expect(destination.open(KEY)).rejects.toMatchObject({ reason: 'BucketMissing' });
    await expect(keysOf(destination)).rejects.toMatchObject({ reason: 'BucketMissing' });
  });
});

describe('a server with limits of its own', () => {
  it('without checksums gets none, after one try', async () => {
    const objects = new Map<string, { id: string; bytes: number }>();
    const { destination, requests } = await lyingServer((request, response, body) => {
      const { method, url = '', headers } = request;
      const object = objects.get(url.replace(/\?.*/, ''));
      if (method === 'HEAD' && object)
        response
          .writeHead(200, { 'content-length': object.bytes, 'x-amz-meta-nkvm-upload': object.id })
          .end();
      else if (method === 'HEAD') say(response, 404);
      else if (method === 'GET') say(response, 200, EMPTY);
      else if (headers['x-amz-checksum-sha256']) refuse(response, 501, 'NotImplemented');
      else {
        const id = String(headers['x-amz-meta-nkvm-upload']);
        objects.set(url.replace(/\?.*/, ''), { id, bytes: body.length });
        say(response, 200, '', { etag: '"1"' });
      }
    });
    for (const key of ['a', 'b']) {
      const staged = await destination.stage(key, bodyOf(100));
      await staged.publish();
      expect(await staged.confirm()).toEqual({ level: 'size', by: 'size at the server' });
    }
    const puts = requests.filter(request => request.startsWith('PUT'));
    expect(puts.map(request => request.split('?')[0])).toEqual([
      ...['PUT /archives/a', 'PUT /archives/a', 'PUT /archives/b'],
    ]);
  });

  it('without conditional writes is asked first whether the name is taken', async () => {
    let conditions = 0;
    const { destination } = await lyingServer(({ method, headers }, response) => {
      if (method === 'HEAD') say(response, 404);
      else if (method === 'GET') say(response, 200, EMPTY);
      else if (headers['if-none-match']) {
        conditions += 1;
        refuse(response, 501, 'NotImplemented');
      } else say(response, 200, '', { etag: '"1"' });
    });
    await (await destination.stage('a', bodyOf(10))).publish();
    const before = conditions;
    await (await destination.stage('b', bodyOf(10))).publish();
    expect(before).toBeGreaterThan(0);
    expect(conditions).toBe(before);
  });

  it.each([
    ['RequestTimeTooSkewed', 403, 'ClockSkew'],
    ['SlowDown', 503, 'DestinationBusy'],
    ['QuotaExceeded', 403, 'DestinationFull'],
    ['InvalidAccessKeyId', 403, 'LoginRefused'],
    ['AccessDenied', 403, 'DestinationReadOnly'],
    ['NoSuchBucket', 404, 'BucketMissing'],
  ])('%s (%i): is said as %s, and nothing is left', async (code, status, reason) => {
    const { destination, requests } = await lyingServer(({ method }, response) => {
      if (method === 'HEAD') say(response, 404);
      else if (method === 'GET') say(response, 200, EMPTY);
      else refuse(response, status, code);
    });
    await expect(destination.stage(KEY, bodyOf(10 * MiB))).rejects.toMatchObject({
      stage: 'copy',
      reason,
    });
    const staged = await destination.stage(KEY, bodyOf(10));
    await expect(staged.publish()).rejects.toMatchObject({ stage: 'publish', reason });
    expect(requests.length).toBeLessThan(20); // it gives up soon
  });

  it('says the region of a bucket that is in another one', async () => {
    const { destination } = await lyingServer((_, response) =>
      say(response, 301, '<Error><Code>PermanentRedirect</Code></Error>', {
        'x-amz-bucket-region': 'eu-central-1',
        location: 'http://169.254.169.254/',
      })
    );
    await expect(keysOf(destination)).rejects.toMatchObject({
      reason: 'BucketElsewhere',
      message: expect.stringContaining('eu-central-1'),
    });
  });

  it('that says nothing is given up on', async () => {
    const { destination } = await lyingServer(() => undefined);
    await expect(destination.stage(KEY, bodyOf(10 * MiB))).rejects.toMatchObject({
      reason: 'DestinationStalled',
      class: 'transient',
    });
  });

  it('at an address of cloud metadata is never asked', async () => {
    const settings = S3Settings.parse({
      endpoint: 'http://169.254.169.254',
      bucket: 'archives',
      accessKeyId: 'access',
      secretAccessKey: 'secret',
    });
    const destination = s3Destination(settings, OURS);
    onTestFinished(() => destination.close());
    await expect(keysOf(destination)).rejects.toMatchObject({ reason: 'AddressRefused' });
  });
});

describe.skipIf(motoMissing)(`a network that breaks ${motoMissing ?? ''}`, () => {
  let server: S3Server;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    server = await startMoto();
    proxy = await startFaultyProxy({ to: server });
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  async function world() {
    proxy.set();
    const bucket = await server.makeBucket();
    const data = { ...server.settings(bucket), prefix: 'p' };
    const at = (endpoint: string, options = {}) => {
      const made = s3Destination(S3Settings.parse({ ...data, endpoint }), OURS, options);
      onTestFinished(() => made.close());
      return made;
    };
    const good = at(server.endpoint);
    await (await good.stage('good.tar.gz', bodyOf(100))).publish();
    const s3 = server.client();
    onTestFinished(() => s3.destroy());
    const behind = `http://${proxy.host}:${proxy.port}`;
    return {
      good,
      through: at(behind),
      impatient: at(behind, { stallMs: 700 }),
      /** What the server holds, temporaries and unfinished uploads included. */
      async everything() {
        const { Contents = [] } = await s3.listObjectsV2({ Bucket: bucket });
        const { Uploads = [] } = await s3.listMultipartUploads({ Bucket: bucket });
        return [...Contents, ...Uploads].map(({ Key }) => Key);
      },
    };
  }

  it('half-way through a part: it is sent again', async () => {
    const { through, good } = await world();
    proxy.set({ kind: 'reset', afterBytes: 10 * MiB });
    void proxy.happened().then(() => proxy.set());
    const staged = await through.stage(KEY, bodyOf(20 * MiB));
    await staged.publish();
    expect(await staged.confirm()).toMatchObject({ level: 'checksum' });
    const sent = await buffer(bodyOf(20 * MiB));
    expect((await buffer(await good.open(KEY))).equals(sent)).toBe(true);
  });

  it('and stays broken: the backup fails, and the sweep leaves nothing', async () => {
    const { through, good, everything } = await world();
    proxy.set({ kind: 'reset', afterBytes: 10 * MiB });
    await expect(through.stage(KEY, bodyOf(20 * MiB))).rejects.toMatchObject({
      stage: 'copy',
      reason: 'ConnectionBroke',
      class: 'transient',
    });
    expect(await keysOf(good)).toEqual(['good.tar.gz']);
    expect(await good.sweep()).toBe(1);
    expect(await everything()).toEqual(['p/good.tar.gz']);
  });

  it('hangs: the backup fails after the limit, and the next works', async () => {
    const { through, impatient, good, everything } = await world();
    proxy.set({ kind: 'hang', afterBytes: 10 * MiB });
    await expect(impatient.stage(KEY, bodyOf(20 * MiB))).rejects.toMatchObject({
      stage: 'copy',
      reason: 'DestinationStalled',
    });
    proxy.set();
    expect(await keysOf(good)).toEqual(['good.tar.gz']);
    await (await through.stage(KEY, bodyOf(20 * MiB))).publish();
    await good.sweep();
    expect((await everything()).sort()).toEqual(['p/good.tar.gz', `p/${KEY}`]);
  });

  it('loses the answer to a completion: it is seen that it worked', async () => {
    const { through, good } = await world();
    const staged = await through.stage(KEY, bodyOf(10 * MiB));
    // the answer to the look beforehand passes, the one to the completion does not
    proxy.set({ kind: 'reset', direction: 'down', afterBytes: 1200 });
    void proxy.happened().then(() => proxy.set());
    await staged.publish();
    expect(await keysOf(good)).toEqual(['good.tar.gz', KEY]);
  });

  it('breaks while an archive is read: the stream fails, and never ends early', async () => {
    const { through, impatient } = await world();
    await (await through.stage(KEY, bodyOf(20 * MiB))).publish();
    for (const kind of ['reset', 'end'] as const) {
      proxy.set({ kind, direction: 'down', afterBytes: 5 * MiB });
      const body = await through.open(KEY);
      await expect(buffer(body)).rejects.toMatchObject({ reason: 'ConnectionBroke' });
      proxy.set();
    }
    proxy.set({ kind: 'hang', direction: 'down', afterBytes: 5 * MiB });
    const hung = await impatient.open(KEY);
    await expect(buffer(hung)).rejects.toMatchObject({ reason: 'DestinationStalled' });
  });

  it('turns a bit on the way: it is found out', async () => {
    const { through } = await world();
    proxy.set({ kind: 'corrupt', afterBytes: 5 * MiB });
    const proven = through.stage(KEY, bodyOf(20 * MiB)).then(async staged => {
      await staged.publish();
      return await staged.confirm();
    });
    await expect(proven).rejects.toMatchObject({ reason: 'DigestDiffers' });
  });
});
