import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { newIdentity } from '../../sidecar/src/archive/age/keys.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import type { DirectReads } from '../../sidecar/src/destinations/direct.ts';
import { isOtherwise } from '../../sidecar/src/destinations/direct.ts';
import type { RunChange, RunRecord } from '../../sidecar/src/history/history.ts';
import { storedChain } from '../../sidecar/src/testing/chain/storedChain.ts';
import { change, treeLines } from '../../sidecar/src/testing/chain/treeHistory.ts';
import { fixedPlaces } from '../../sidecar/src/testing/destinations/fixedPlaces.ts';
import { testListener } from '../../sidecar/src/testing/helper/pushWorld.ts';
import type { Fate, Passing } from '../servers/requestProxy.ts';
import { s3Refusal } from '../servers/requestProxy.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';
import type { DirectRestoreWorld } from './directRestoreWorld.ts';
import { directRestoreWorld, isSame, recordOf } from './directRestoreWorld.ts';
import type { DirectOptions, DirectWorld } from './directWorld.ts';
import { directWorld, isOfHelper } from './directWorld.ts';

const MiB = 1024 ** 2;
/** Three parts, and five ranges. */
const RANGES = 5;

const HISTORY = [
  [change('create', 0, 0), change('create', 0, 1), change('makeDirectory', 0, 2)],
  [change('write', 0, 3), change('create', 1, 5)],
  [change('rename', 2, 3)],
];

const flipped = (bytes: Buffer): Buffer => {
  const changed = Buffer.from(bytes);
  changed[1000]! ^= 1;
  return changed;
};

describe.skipIf(versitygwMissing)(`direct restores from s3 ${versitygwMissing ?? ''}`, () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startVersitygw();
  });
  const ends: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const clear of ends) await clear();
    await server.stop();
  });

  async function stored(
    options?: DirectOptions,
    onEnd?: (clear: () => Promise<void>) => void
  ): Promise<{ world: DirectWorld; backup: RunRecord }> {
    const world = await directWorld(server, options, onEnd);
    const backup = recordOf(await world.backUp());
    expect(backup).toMatchObject({ transport: 'direct' });
    return { world, backup };
  }
  let plain: ReturnType<typeof stored> | undefined;

  /** Without options, the backup is the same one for all tests, which only read it. */
  async function backedUp(options?: DirectOptions) {
    const shared = () => (plain ??= stored({}, clear => void ends.push(clear)));
    const { world, backup } = await (options ? stored(options) : shared());
    world.proxy.seen.length = 0;
    world.proxy.fate = () => undefined;
    return { world, backup, to: directRestoreWorld([world.destination]) };
  }

  /** Of the archive itself, without its manifest and its index. */
  const reads = ({ proxy }: DirectWorld, key = '') =>
    proxy.seen.filter(({ method, url }) => method === 'GET' && url.split('?')[0]?.endsWith(key));

  const routeOf = ({ reported }: DirectRestoreWorld): RunChange | undefined =>
    reported.findLast(({ transport }) => transport !== undefined);

  /** Changes requests of helpers that read: all from number `from` on. */
  const onReads = (
    { proxy }: DirectWorld,
    fate: (request: Passing) => Fate,
    { from = 1, times = Infinity } = {}
  ) => {
    let number = 0;
    proxy.fate = request => {
      if (!isOfHelper(request) || request.method !== 'GET') return undefined;
      number += 1;
      return number >= from && number < from + times ? fate(request) : undefined;
    };
  };

  it.each<[string, DirectOptions?]>([
    ['as it is'],
    ['encrypted', { common: { ageRecipients: [newIdentity()] } }],
  ])(
    'a helper reads the archive by itself, stored %s, and nothing of it comes here',
    async (_, options) => {
      const { world, backup, to } = await backedUp(options);
      const key = backup.copies[0]?.key;
      expect(await to.restore([backup])).toMatchObject({ status: 'success', warnings: [] });
      expect(isSame(world.dir, to.volume)).toBe(true);
      expect(routeOf(to)).toMatchObject({
        transport: 'direct',
        transportReason: 'the helper pod reads the archive at destination offsite itself',
      });
      const ofHelper = reads(world, key).filter(isOfHelper);
      expect(ofHelper).toHaveLength(2 * RANGES); // to compare, and to unpack
      // NKVM reads at most the header of an encrypted file.
      const own = reads(world, key).filter(request => !isOfHelper(request));
      expect(own.every(({ headers }) => headers.range === 'bytes=0-4095')).toBe(true);
      // One signed request is enough for all ranges of a command. Those of one second are the same.
      expect(new Set(ofHelper.map(({ url }) => url)).size).toBeLessThanOrEqual(2);
    }
  );

  it('a signed request is bound to one file, and only reads', async () => {
    const { world, backup } = await backedUp();
    const key = backup.copies[0]?.key ?? '';
    const found = (await world.destination.readDirect?.([key])) as DirectReads;
    const { path, headers } = await found.sign(0);
    const ask = async (method: string, at: string) =>
      (await fetch(`${world.proxy.endpoint}${at}`, { method, headers })).status;
    expect(await ask('GET', path)).toBe(200);
    expect(await ask('GET', path.replace(key, `${key}.json`))).toBe(403);
    expect(await ask('DELETE', path)).toBe(403);
    expect(await ask('PUT', path)).toBe(403);
    expect(path).toContain('X-Amz-Expires=600');
  });

  it.each<[string, () => Fate]>([
    ['breaks', () => 'break'],
    ['finds a busy server', () => s3Refusal(503, 'SlowDown')],
    ['has expired', () => s3Refusal(403, 'AccessDenied', 'Request has expired')],
    ['is answered in part', () => ({ bytes: bytes => bytes.subarray(1) })],
  ])('a range is read again when its request %s', async (_, fate) => {
    const { world, backup, to } = await backedUp();
    onReads(world, fate, { from: 2, times: 1 });
    expect(await to.restore([backup])).toMatchObject({ status: 'success' });
    expect(routeOf(to)).toMatchObject({ transport: 'direct' });
    expect(isSame(world.dir, to.volume)).toBe(true);
  });

  it.each<[string, (world: DirectWorld) => void, string]>([
    [
      'the storage refuses signed requests',
      world => onReads(world, () => s3Refusal(403, 'AccessDenied')),
      '403 AccessDenied',
    ],
    [
      'the storage gives no parts of files',
      world => onReads(world, () => ({ status: 200, text: 'x' })),
      'no parts of files',
    ],
    [
      'the storage gives the pod other bytes',
      world => onReads(world, () => ({ bytes: flipped }), { from: 3, times: 1 }),
      'other bytes than the archive',
    ],
  ])('NKVM reads the archive itself, in the same attempt, when %s', async (_, happens, why) => {
    const { world, backup, to } = await backedUp();
    happens(world);
    expect(await to.restore([backup])).toMatchObject({ status: 'success' });
    expect(isSame(world.dir, to.volume)).toBe(true);
    const route = routeOf(to);
    expect(route).toMatchObject({ transport: 'exec' });
    expect(route?.transportReason).toContain('; not from the storage itself: ');
    expect(route?.transportReason).toContain(why);
  });

  it('the pod pushes no longer than it must: without the storage, it fetches the archive from NKVM', async () => {
    const { world, backup, to } = await backedUp();
    const push = await testListener();
    const unreachable = withReads(world, found => ({
      ...found,
      server: { ...found.server, port: 1 },
    }));
    expect(await to.restore([backup], { world: { ...unreachable, push } })).toMatchObject({
      status: 'success',
    });
    expect(routeOf(to)?.transport).toBe('push');
    expect(routeOf(to)?.transportReason).toMatch(/reached NKVM at .*cannot reach .*ECONNREFUSED/);
  });

  /** The destination, whose readers get something else than they should. */
  const withReads = ({ destination }: DirectWorld, change: (found: DirectReads) => DirectReads) => {
    const seen: Destination = {
      ...destination,
      async readDirect(keys, call) {
        const found = (await destination.readDirect?.(keys, call)) ?? { otherwise: '' };
        return isOtherwise(found) ? found : change(found);
      },
    };
    return { places: fixedPlaces([seen]) };
  };

  it('all archives of an increment are read there', async () => {
    const world = await directWorld(server, { bytes: MiB });
    const root = mkdtempSync(join(tmpdir(), 'nkvm-direct-chain-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const chain = await storedChain(world.destination, root, HISTORY);
    const to = directRestoreWorld([world.destination]);
    expect(await to.restore(chain.runs)).toMatchObject({ status: 'success', warnings: [] });
    expect(routeOf(to)).toMatchObject({ transport: 'direct' });
    expect(treeLines(to.volume)).toEqual(chain.points.at(-1));
  });

  it('an archive that has changed is found before anything is written', async () => {
    const { world, backup, to } = await backedUp({});
    const client = server.client();
    const at = { Bucket: world.bucket, Key: `a b/c/${backup.copies[0]?.key}` };
    const { Body } = await client.getObject(at);
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    bytes[20 * MiB]! ^= 1;
    await client.putObject({ ...at, Body: bytes });
    client.destroy();
    writeFileSync(join(to.volume, 'kept'), 'as before');
    const end = await to.restore([backup], { mode: 'overwrite' });
    expect(end).toMatchObject({ status: 'failed', reason: 'ArchiveDiffers' });
    expect(end.details).toMatchObject({ hasBegunToWrite: false });
    expect(readdirSync(to.volume)).toEqual(['kept']);
  });

  it('the way breaks while it is written: a failure, and the next attempt takes another way', async () => {
    const { world, backup, to } = await backedUp();
    onReads(world, () => s3Refusal(403, 'AccessDenied'), { from: RANGES + 3 });
    const end = await to.restore([backup]);
    expect(end).toMatchObject({
      status: 'failed',
      stage: 'copy',
      reason: 'DirectReadBroke',
      failureClass: 'transient',
    });
    world.proxy.fate = () => undefined;
    expect(await to.restore([backup])).toMatchObject({ status: 'success' });
    expect(routeOf(to)).toMatchObject({
      transport: 'exec',
      transportReason: expect.stringContaining('could not read the archive at destination offsite'),
    });
  });
});
