import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { exampleHelperSpec } from '../../testing/helper/exampleHelperSpec.ts';
import type { ProcessCluster } from '../../testing/helper/processCluster.ts';
import { processCluster } from '../../testing/helper/processCluster.ts';
import { misled, testListener } from '../../testing/helper/pushWorld.ts';
import type { Helper } from '../helper.ts';
import { createHelper } from '../helper.ts';
import type { Delivery } from '../transport.ts';
import type { Invitation, PushListener } from './listener.ts';
import { pushTransport } from './pushTransport.ts';

const ARCHIVE = 'kind__shop__orders-db__20261120T101112Z__01a.tar.gz';
const OPTIONS = { level: 'checksum' as const, archive: ARCHIVE, onWorking: () => undefined };
let dir: string;
let cluster: ProcessCluster;
const warn = vi.fn();
const onRefused = vi.fn();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-push-'));
  writeFileSync(join(dir, 'orders'), 'orders'.repeat(50_000));
  cluster = processCluster(dir);
  warn.mockClear();
  onRefused.mockClear();
});
afterEach(async () => {
  await cluster.stop();
  rmSync(dir, { recursive: true });
});

const listening = (): Promise<PushListener> => testListener({ log: { warn }, onRefused });

const helperIn = async (change: Partial<Helper> = {}): Promise<Helper> => ({
  ...(await createHelper(cluster, 'shop', exampleHelperSpec)),
  ...change,
});

const namesIn = (archive: Buffer): string => gunzipSync(archive).toString('latin1');

/** Reads a delivery to its end, and checks that its seal agrees. */
async function whole(delivery: Delivery): Promise<Buffer> {
  const archive = await buffer(delivery.body);
  const { podExit, stderr, sealed } = await delivery.sent();
  expect({ podExit, stderr }).toEqual({ podExit: 0, stderr: '' });
  expect(sealed?.seal.bytes).toBe(archive.length);
  expect(namesIn(archive)).toContain('./orders');
  return archive;
}

it('takes the archive that the helper sends, and then its seal', async () => {
  const listener = await listening();
  const delivery = await pushTransport(listener).deliver(await helperIn(), OPTIONS);
  expect(delivery.route).toEqual({
    transport: 'push',
    transportReason: `the helper pod reached NKVM at ${listener.where}`,
  });
  await whole(delivery);
  expect((await buffer(await delivery.index())).length).toBeGreaterThan(0);
  expect(onRefused).not.toHaveBeenCalled();
});

it('does not tell the token to commands, whose words are in logs', async () => {
  const listener = await listening();
  const words: string[] = [];
  let token = '';
  const spied: PushListener = {
    ...listener,
    invite(grant) {
      const invited = listener.invite(grant);
      ({ token } = invited.invitation);
      return invited;
    },
  };
  const { feed, ...helper } = await helperIn();
  const delivery = await pushTransport(spied).deliver(
    { ...helper, feed: (command, options) => (words.push(...command), feed(command, options)) },
    OPTIONS
  );
  await whole(delivery);
  expect(token).not.toBe('');
  expect(words.join(' ')).not.toContain(token);
});

describe('sends the archive over exec where', () => {
  it.each<[string, () => Promise<PushListener> | PushListener, RegExp]>([
    [
      'nothing listens',
      async () => {
        const server = createServer().listen(0, '127.0.0.1');
        await new Promise(resolve => server.once('listening', resolve));
        const { port } = server.address() as AddressInfo;
        await new Promise(resolve => server.close(resolve));
        return misled(await listening(), { port });
      },
      /ECONNREFUSED$/,
    ],
    [
      'nothing answers',
      // A listener whose queue is full drops packets, as a firewall does: TEST-NET-1 has no route or no host.
      async () => misled(await listening(), { host: '192.0.2.1', connectMs: 200 }),
      /(no answer within 200 ms|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED)$/,
    ],
    [
      'a port is open that says nothing',
      async () => {
        const server = createServer(() => undefined).listen(0, '127.0.0.1');
        onTestFinished(() => void server.close());
        await new Promise(resolve => server.once('listening', resolve));
        const { port } = server.address() as AddressInfo;
        return misled(await listening(), { port, acceptMs: 300 });
      },
      /no TLS within 300 ms$/,
    ],
    [
      'something else answers',
      async () => misled(await listening(), { fingerprint: 'ab'.repeat(32) }),
      /something other than NKVM answered$/,
    ],
    [
      'the token is wrong',
      async () => misled(await listening(), { token: 'A'.repeat(43) }),
      /NKVM does not know the token$/,
    ],
    [
      'the path is wrong',
      async () => misled(await listening(), { path: '/other' }),
      /NKVM does not have that path$/,
    ],
  ])('%s', async (_, listener, why) => {
    const delivery = await pushTransport(await listener()).deliver(await helperIn(), OPTIONS);
    expect(delivery.route).toEqual({
      transport: 'exec',
      transportReason: expect.stringMatching(why),
    });
    await whole(delivery);
  });

  it('the connection comes from another address than the pod has', async () => {
    const helper = await helperIn({ addresses: () => ['10.1.2.3'] });
    const delivery = await pushTransport(await listening()).deliver(helper, OPTIONS);
    expect(delivery.route.transportReason).toMatch(
      /came from 127\.0\.0\.1, which is not an address/
    );
    await whole(delivery);
    expect(onRefused).toHaveBeenCalledWith(403);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('does not look at the address where it may be translated on the way', async () => {
    const helper = await helperIn({ addresses: () => ['10.1.2.3'] });
    const listener = await testListener({ source: 'any' });
    const delivery = await pushTransport(listener).deliver(helper, OPTIONS);
    expect(delivery.route.transport).toBe('push');
    await whole(delivery);
  });

  it('commands cannot have an input', async () => {
    const helper = await helperIn({ feed: () => Promise.reject(new Error('v5 is not offered')) });
    const delivery = await pushTransport(await listening()).deliver(helper, OPTIONS);
    expect(delivery.route).toEqual({
      transport: 'exec',
      transportReason: 'the helper pod could not be asked to push: v5 is not offered',
    });
    await whole(delivery);
  });
});

/** Sends a request as an unknown client. @returns its status, or the code of the error. */
const stranger = (listener: PushListener, token: string): Promise<number | string> =>
  new Promise(resolve => {
    const [, port] = listener.where.split(':');
    const asked = httpsRequest(
      {
        ...{ host: '127.0.0.1', port, path: '/archive', method: 'POST' },
        rejectUnauthorized: false,
        headers: { authorization: `Bearer ${token}`, expect: '100-continue' },
      },
      response => resolve(response.statusCode ?? 0)
    );
    asked.once('continue', () => resolve(100));
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asked.flushHeaders();
  });

it('refuses a token that was used, and the first connection goes on', async () => {
  const listener = await listening();
  let token = '';
  const kept: PushListener = {
    ...listener,
    invite(grant) {
      const invited = listener.invite(grant);
      ({ token } = invited.invitation);
      return { ...invited, revoke: () => undefined };
    },
  };
  const delivery = await pushTransport(kept).deliver(await helperIn(), OPTIONS);
  expect(await stranger(listener, token)).toBe(409);
  await whole(delivery);
  expect(warn.mock.calls[0]?.[1]).toMatch(/the token was used before$/);
});

it('goes over exec when somebody else has used the token first', async () => {
  const listener = await listening();
  const { feed, ...helper } = await helperIn();
  let thief: number | string | undefined;
  const invite = vi.spyOn(listener, 'invite');
  const delivery = await pushTransport(listener).deliver(
    {
      ...helper,
      async feed(command, options) {
        const { invitation } = invite.mock.results[0]?.value as { invitation: Invitation };
        thief = await stranger(listener, invitation.token);
        return await feed(command, options);
      },
    },
    OPTIONS
  );
  expect(thief).toBe(100);
  expect(delivery.route.transportReason).toMatch(/the token was used before$/);
  await whole(delivery);
});

it('refuses the token after the run', async () => {
  const listener = await listening();
  const invite = vi.spyOn(listener, 'invite');
  await whole(await pushTransport(listener).deliver(await helperIn(), OPTIONS));
  const { invitation } = invite.mock.results[0]?.value as { invitation: Invitation };
  expect(await stranger(listener, invitation.token)).toBe(401);
});
