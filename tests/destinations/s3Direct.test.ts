import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decrypting } from '../../sidecar/src/archive/age/decrypt.ts';
import { newIdentity } from '../../sidecar/src/archive/age/keys.ts';
import { unwrapFileKey } from '../../sidecar/src/archive/age/wrap.ts';
import { readManifest } from '../../sidecar/src/archive/manifest.ts';
import type { PackLevel } from '../../sidecar/src/helper/pack/packCommand.ts';
import { motoMissing, startMoto } from '../servers/moto.ts';
import type { Passing } from '../servers/requestProxy.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';
import { directWorld, isOfHelper, partOf } from './directWorld.ts';

const MiB = 1024 ** 2;

describe.skipIf(versitygwMissing)(`direct uploads to s3 ${versitygwMissing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server.stop());

  it.each<[PackLevel, 'server' | 'reading']>([
    ['checksum', 'server'],
    ['contents', 'reading'],
  ])('a helper sends the archive, which is proven to the level %s by %s', async (level, by) => {
    const world = await directWorld(server);
    const end = await world.backUp({ proofPlans: () => [{ by, level }] });
    expect(end).toMatchObject({
      status: 'success',
      transport: 'direct',
      transportReason: 'the helper pod sends the archive to destination offsite itself',
      copies: [
        { state: 'present', proof: { level, readFrom: by === 'server' ? 'server' : 'storage' } },
      ],
    });
    const { key = '' } = end.copies?.[0] ?? {};
    const stored = await buffer(await world.destination.open(key));
    expect(createHash('sha256').update(stored).digest('hex')).toBe(end.sha256);
    expect(gunzipSync(stored).includes(readFileSync(join(world.dir, 'orders')))).toBe(true);
    const manifest = readManifest(
      key,
      (await buffer(await world.destination.open(`${key}.json`))).toString()
    );
    expect(manifest).toMatchObject({ transport: 'direct', sha256: end.sha256 });
    const { keys, uploads } = await world.held();
    expect({ keys: keys.sort(), uploads }).toEqual({
      keys: [key, `${key}.index.gz`, `${key}.json`],
      uploads: 0,
    });
    // The sidecar has sent no byte of the archive.
    const sent = world.proxy.seen.filter(request => partOf(request) > 0);
    expect(sent.map(partOf).sort()).toEqual([1, 2, 3]);
    expect(sent.every(isOfHelper)).toBe(true);
  });

  it('each part is bound to its bytes by a signature of its own, which expires', async () => {
    const world = await directWorld(server);
    const { proxy } = world;
    const misused: boolean[] = [];
    let first: Passing | undefined;
    proxy.fate = async request => {
      if (first || !isOfHelper(request)) return undefined;
      first = request;
      const { url, body } = request;
      const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');
      const others = Buffer.alloc(body.length);
      for (const [path, bytes, checksum] of [
        [url, others, sum(body)],
        [url, others, sum(others)],
        [url.replace('partNumber=1', 'partNumber=2'), body, sum(body)],
        [url.replace('?', 'x?'), body, sum(body)],
      ] as const) {
        const headers = { 'x-amz-checksum-sha256': checksum };
        const asked = fetch(proxy.endpoint + path, {
          ...{ method: 'PUT', body: new Uint8Array(bytes), headers },
        });
        // The server may close the connection before it has read the whole part.
        misused.push(
          await asked.then(
            ({ ok }) => ok,
            () => false
          )
        );
      }
      return undefined;
    };
    expect(await world.backUp()).toMatchObject({ status: 'success', transport: 'direct' });
    expect(misused).toEqual([false, false, false, false]);
    const query = new URL(first?.url ?? '', 'http://x').searchParams;
    expect(query.get('X-Amz-SignedHeaders')).toBe('content-length;host;x-amz-checksum-sha256');
    expect(query.get('X-Amz-Expires')).toBe('600');
  });

  it('a helper gets no credential', async () => {
    const world = await directWorld(server);
    const told: string[] = [];
    const { cluster } = world;
    const end = await world.backUp({
      cluster: {
        ...cluster,
        async execWithInput(target, command, options) {
          told.push(...command);
          const fed = await cluster.execWithInput(target, command, options);
          const write = fed.stdin.write.bind(fed.stdin);
          fed.stdin.write = ((chunk: Buffer | string) => (
            told.push(String(chunk)), write(chunk)
          )) as typeof write;
          return fed;
        },
      },
    });
    expect(end).toMatchObject({ transport: 'direct' });
    const all = told.join('\n');
    expect(all).toContain('X-Amz-Signature');
    expect(all).not.toContain(server.secretAccessKey);
    for (const pod of cluster.existing.values()) expect(JSON.stringify(pod)).not.toContain('X-Amz');
    expect(JSON.stringify(end)).not.toContain('X-Amz');
  });

  it('an archive that fits into one part goes through the sidecar, from the same command', async () => {
    const world = await directWorld(server, { bytes: MiB });
    expect(await world.backUp()).toMatchObject({
      status: 'success',
      transport: 'exec',
      transportReason: expect.stringContaining('the archive fits into one part'),
    });
    expect(world.proxy.seen.filter(isOfHelper)).toEqual([]);
    expect((await world.held()).uploads).toBe(0);
  });

  it('the helper encrypts, and only the secret key opens what it has stored', async () => {
    const identity = newIdentity();
    const common = { ageRecipients: [identity] };
    const world = await directWorld(server, { common });
    const end = await world.backUp({ proofPlans: () => [{ by: 'reading', level: 'contents' }] });
    expect(end).toMatchObject({
      status: 'success',
      transport: 'direct',
      copies: [{ encrypted: true, proof: { level: 'contents' } }],
    });
    const { key = '', stored } = end.copies?.[0] ?? {};
    const client = server.client();
    onTestFinished(() => client.destroy());
    const { Body } = await client.getObject({ Bucket: world.bucket, Key: `a b/c/${key}` });
    const file = Buffer.from((await Body?.transformToByteArray()) ?? []);
    expect(createHash('sha256').update(file).digest('hex')).toBe(stored?.sha256);
    expect(file.length).toBe(stored?.bytes);
    const plain = decrypting(
      header => unwrapFileKey(header, { identities: [identity], passphrases: [] }),
      error => error
    );
    plain.end(file);
    expect(
      createHash('sha256')
        .update(await buffer(plain))
        .digest('hex')
    ).toBe(end.sha256);
  });
});

describe.skipIf(motoMissing)(
  `a server that tells no checksum of a part ${motoMissing ?? ''}`,
  () => {
    it('gets the archive through the sidecar', async () => {
      const server = await startMoto();
      onTestFinished(() => server.stop());
      const world = await directWorld(server);
      const end = await world.backUp();
      expect(end).toMatchObject({ status: 'success' });
      expect(end.transportReason).toContain('checksums of parts');
      expect((await world.held()).uploads).toBe(0);
    });
  }
);
