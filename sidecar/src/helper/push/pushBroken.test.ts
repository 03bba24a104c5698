import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FedCommand } from '../../cluster/gateway/exec.ts';
import { exampleHelperSpec } from '../../testing/helper/exampleHelperSpec.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import { breakingWay, misled, portOf, testListener } from '../../testing/helper/pushWorld.ts';
import type { Helper } from '../helper.ts';
import { createHelper } from '../helper.ts';
import type { Connection } from './listener.ts';
import { pushTransport } from './pushTransport.ts';
import { receivedBody } from './received.ts';

const ARCHIVE = 'kind__shop__orders-db__20261120T101112Z__01a.tar.gz';
const OPTIONS = { level: 'checksum' as const, archive: ARCHIVE, onWorking: () => undefined };
const MIB = 2 ** 20;

let dir: string;
let cluster: ProcessCluster;
/** The packing command. */
let fed: FedCommand;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-push-'));
  writeFileSync(join(dir, 'noise'), randomBytes(16 * MIB));
  cluster = processCluster(dir);
});
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true });
});

async function helperIn(): Promise<Helper> {
  const helper = await createHelper(cluster, 'shop', exampleHelperSpec);
  return {
    ...helper,
    async feed(command, options) {
      fed = await helper.feed(command, options);
      return fed;
    },
  };
}

const PUSH_BROKE = { stage: 'copy', reason: 'PushBroke', class: 'transient' };

describe('a push fails where the connection', () => {
  it.each([
    ['breaks', 'reset'],
    ['ends as if all were sent', 'end'],
  ] as const)('%s', async (_, how) => {
    const listener = await testListener();
    const port = await breakingWay(portOf(listener), 5 * MIB, how);
    const delivery = await pushTransport(misled(listener, { port })).deliver(
      await helperIn(),
      OPTIONS
    );
    expect(delivery.route.transport).toBe('push');
    await expect(buffer(delivery.body)).rejects.toMatchObject(PUSH_BROKE);
    expect(await fed.exit).toBe(3);
  });
});

it('ends the packing command when nobody takes the archive any more', async () => {
  const delivery = await pushTransport(await testListener()).deliver(await helperIn(), OPTIONS);
  delivery.body.destroy(new Error('the destination is full'));
  expect(await fed.exit).not.toBe(0);
});

it('leaves it to the exit code when the packing command was killed', async () => {
  const delivery = await pushTransport(await testListener()).deliver(await helperIn(), OPTIONS);
  await new Promise(resolve => delivery.body.once('readable', resolve));
  fed.abort();
  const part = await buffer(delivery.body);
  expect(part.length).toBeLessThan(16 * MIB);
  expect(await delivery.sent()).toMatchObject({ podExit: 137, sealed: undefined });
});

it('waits for a slow reader in constant memory', async () => {
  const delivery = await pushTransport(await testListener()).deliver(await helperIn(), OPTIONS);
  await new Promise(resolve => delivery.body.once('readable', resolve));
  // Buffers of both ends and of the kernel lie in between; the rest waits in the volume.
  expect(await Promise.race([fed.exit, delivery.body.readableLength])).toBeLessThan(4 * MIB);
  expect((await buffer(delivery.body)).length).toBeGreaterThan(16 * MIB);
  expect((await delivery.sent()).podExit).toBe(0);
});

describe('a body that comes to its end', () => {
  /** @returns what came of a request with these trailers, and the status that it was answered with. */
  const received = async (trailers: Record<string, string>) => {
    const request = Object.assign(new PassThrough(), { trailers });
    request.end('12345');
    let status = 0;
    const response = { writeHead: (code: number) => ((status = code), { end: () => undefined }) };
    const connection = { request, response } as unknown as Connection;
    const exit = new Promise<number>(() => undefined);
    const body = await buffer(receivedBody({ connection, exit, pod: 'shop/helper' })).catch(
      (error: unknown) => error
    );
    return { body, status };
  };
  const sha256 = 'ab'.repeat(32);

  it('is taken when its trailers say as much', async () => {
    const { body, status } = await received({ 'nkvm-bytes': '5', 'nkvm-sha256': sha256 });
    expect(String(body)).toBe('12345');
    expect(status).toBe(200);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['has no trailers', {}, /5 bytes arrived, and the pod did not say how many it sent$/],
    ['has half of them', { 'nkvm-bytes': '5' }, /did not say how many it sent$/],
    ['says more', { 'nkvm-bytes': '6', 'nkvm-sha256': sha256 }, /and the pod sent 6$/],
    ['says something else', { 'nkvm-bytes': '5e0', 'nkvm-sha256': sha256 }, /did not say/],
  ])('is refused when it %s', async (_, trailers, message) => {
    const { body, status } = await received(trailers);
    expect(body).toMatchObject({ ...PUSH_BROKE, message: expect.stringMatching(message) });
    expect(status).toBe(409);
  });
});
