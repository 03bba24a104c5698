import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Invitation, PushListener, PushOptions } from '../../helper/push/listener.ts';
import { listenForHelpers } from '../../helper/push/listener.ts';

/** No test fails because this machine is busy. */
const PATIENT = { connectMs: 60_000, acceptMs: 60_000 };

/** A listener on loopback, which ends with the test. */
export async function testListener(change: Partial<PushOptions> = {}): Promise<PushListener> {
  const listener = await listenForHelpers({
    ...{ listenOn: '127.0.0.1', port: 0, address: '127.0.0.1' },
    ...{ source: 'pod', log: { warn: () => undefined } },
    ...PATIENT,
    ...change,
  });
  onTestFinished(() => listener.stop());
  return listener;
}

/** A listener that tells helpers something else than it should. */
export const misled = (listener: PushListener, change: Partial<Invitation>): PushListener => ({
  ...listener,
  invite(grant) {
    const invited = listener.invite(grant);
    return { ...invited, invitation: { ...invited.invitation, ...change } };
  },
});

/** @returns the port of a listener. */
export const portOf = ({ where }: PushListener): number => Number(where.split(':').at(-1));

/**
 * The way to a port, which breaks once it has carried so many bytes.
 * @param how `reset`: the other ends see a reset; `end`: as if both had ended their side
 * @param direction which bytes are counted
 * @returns the port of the way
 */
export async function breakingWay(
  to: number,
  afterBytes: number,
  how: 'reset' | 'end' = 'reset',
  direction: 'request' | 'answer' = 'request'
): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer(near => {
    const far = connect(to, '127.0.0.1');
    let bytes = 0;
    for (const each of [near, far]) {
      sockets.add(each);
      each.on('error', () => undefined);
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    const [from, into] = direction === 'request' ? [near, far] : [far, near];
    into.pipe(from);
    from.on('data', chunk => {
      bytes += chunk.length;
      if (bytes <= afterBytes) {
        if (into.write(chunk)) return;
        from.pause();
        into.once('drain', () => from.resume());
      } else if (how === 'end') {
        near.end();
        far.end();
      } else {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
    });
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  onTestFinished(() => {
    for (const each of sockets) each.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
