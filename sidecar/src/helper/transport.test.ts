import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { exampleHelperSpec } from '../testing/helper/exampleHelperSpec.ts';
import type { ProcessCluster } from '../testing/helper/processCluster.ts';
import { processCluster } from '../testing/helper/processCluster.ts';
import type { Helper, HelperCluster } from './helper.ts';
import { createHelper } from './helper.ts';
import { WITH_SEAL_BYTES, WORKING } from './pack/packCommand.ts';
import { execTransport } from './transport.ts';

const ARCHIVE = 'kind__shop__orders-db__20261120T101112Z__01a.tar.gz';

let dir: string;
let cluster: ProcessCluster;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-transport-'));
  writeFileSync(join(dir, 'orders'), 'orders');
  cluster = processCluster(dir);
});
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true });
});

const helperIn = (changed: Partial<HelperCluster> = {}): Promise<Helper> =>
  createHelper({ ...cluster, ...changed }, 'shop', exampleHelperSpec);

it('delivers an archive, and then its seal', async () => {
  const onWorking = vi.fn();
  const delivery = await execTransport.deliver(await helperIn(), {
    level: 'contents',
    archive: ARCHIVE,
    onWorking,
  });
  const archive = await buffer(delivery.body);
  const { podExit, stderr, sealed } = await delivery.sent();
  expect({ podExit, stderr }).toEqual({ podExit: 0, stderr: '' });
  expect(sealed?.seal).toMatchObject({ bytes: archive.length, files: 2 });
  expect(sealed?.seal.rawSha256).toMatch(/^[0-9a-f]{64}$/);
});

/** @returns the index that the helper has sealed, the index that arrived, and how many commands were started. */
async function indexFrom(changed: Partial<HelperCluster> = {}) {
  let commands = 0;
  const helper = await helperIn({
    ...changed,
    exec: (...call) => {
      commands += 1;
      return cluster.exec(...call);
    },
  });
  const options = { level: 'checksum' as const, archive: ARCHIVE, onWorking: () => undefined };
  const delivery = await execTransport.deliver(helper, options);
  await buffer(delivery.body);
  const { sealed } = await delivery.sent();
  const index = await buffer(await delivery.index());
  const sha256 = createHash('sha256').update(index).digest('hex');
  return { index, sealed: sealed?.index, arrived: { bytes: index.length, sha256 }, commands };
}

it('delivers the index that the seal vouches for, a small one without another command', async () => {
  const { index, sealed, arrived, commands } = await indexFrom();
  expect(sealed).toEqual(arrived);
  expect(gunzipSync(index).toString()).toMatch(
    /"archive":"kind__shop__orders-db.*\n.* "\.\/orders"\n$/s
  );
  expect(commands).toBe(1);
});

it('delivers an index that does not come with the seal as a whole by a command of its own', async () => {
  for (let at = 0; at < 4_000; at += 1)
    writeFileSync(join(dir, createHash('md5').update(`${at}`).digest('hex')), '');
  const { sealed, arrived, commands } = await indexFrom();
  expect(arrived.bytes).toBeGreaterThan(WITH_SEAL_BYTES);
  expect(sealed).toEqual(arrived);
  expect(commands).toBe(2);
});

it.each([
  ['in part', (line: string) => line.slice(0, 8)],
  ['not at all', () => ''],
])('asks for an index that comes with the seal %s', async (_, change) => {
  const { sealed, arrived, commands } = await indexFrom({
    async execToEnd(...call) {
      const answer = await cluster.execToEnd(...call);
      return { ...answer, stdout: answer.stdout.replace(/^.*/, change) };
    },
  });
  expect(sealed).toEqual(arrived);
  expect(commands).toBe(2);
});

it('tells that tar gets on, and keeps that out of the output', async () => {
  const onWorking = vi.fn();
  const reporting: Partial<HelperCluster> = {
    async exec(target, command, options) {
      const running = await cluster.exec(target, command, options);
      options?.onStderr?.(WORKING);
      return { ...running, stderrTail: () => `${WORKING}a warning\n${WORKING}` };
    },
  };
  const delivery = await execTransport.deliver(await helperIn(reporting), {
    level: 'checksum',
    archive: ARCHIVE,
    onWorking,
  });
  await buffer(delivery.body);
  expect((await delivery.sent()).stderr).toBe('a warning\n');
  expect(onWorking).toHaveBeenCalled();
});

it.each<[string, Partial<HelperCluster>]>([
  [
    'is not there',
    { execToEnd: async () => ({ exitCode: 1, stdout: '', stderr: 'No such file' }) },
  ],
  ['cannot be asked for', { execToEnd: () => Promise.reject(new Error('reset')) }],
])('has no archive to vouch for when the seal %s', async (_, changed) => {
  const options = { level: 'checksum' as const, archive: ARCHIVE, onWorking: () => undefined };
  const delivery = await execTransport.deliver(await helperIn(changed), options);
  await buffer(delivery.body);
  await expect(delivery.sent()).rejects.toMatchObject({
    stage: 'checksum',
    reason: 'SealMissing',
    class: 'transient',
  });
});
