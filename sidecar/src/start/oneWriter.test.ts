import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import type { Call, Gateway } from '../cluster/gateway/gateway.ts';
import { lifecycle } from './lifecycle.ts';
import { becomeWriter } from './oneWriter.ts';

const silent = { warn: () => undefined, error: () => undefined, fatal: () => undefined };

/** An API server with one Lease. */
function leaseServer(holder = '') {
  const server = {
    holder,
    version: 1,
    isAway: false,
    /** Resolved: the next write is answered only then, though it is carried out at once. */
    answers: Promise.resolve(),
    writes: 0,
  };
  const lease = () => ({
    metadata: { resourceVersion: `${server.version}` },
    spec: { holderIdentity: server.holder, leaseDurationSeconds: 60 },
  });
  const gateway = {
    async json({ method = 'GET', body, signal }: Call) {
      signal?.throwIfAborted();
      if (server.isAway)
        throw new ApiFailure('no answer', { kind: 'unreachable', class: 'transient' });
      if (method !== 'GET') {
        server.writes += 1;
        const { spec } = body as { spec: { holderIdentity?: string } };
        server.holder = spec.holderIdentity ?? '';
        server.version += 1;
      }
      const answer = lease();
      if (method !== 'GET') await server.answers;
      return answer;
    },
  } as Pick<Gateway, 'json'> as Gateway;
  return { server, gateway };
}

/** The parts that matter, in the order of `start/`. */
function service(gateway: Gateway, closeHistory: () => Promise<void>) {
  const life = lifecycle(silent);
  const started = (async () => {
    await life.start({
      name: 'the Lease',
      start: (signal, say) =>
        becomeWriter({ gateway, namespace: 'nkvm', onWait: say, signal, log: silent }),
      stop: held => held.release(),
      stopLimitMs: 200,
    });
    await life.start({
      name: 'the history',
      start: () => undefined,
      stop: closeHistory,
      stopLimitMs: 50,
    });
  })();
  started.catch(() => undefined);
  return { life, started };
}

describe('the Lease is given back when the process is told to stop', () => {
  it.each([
    ['and the history closes', () => Promise.resolve()],
    ['and the history cannot be closed', () => Promise.reject(new Error('no space left'))],
    ['and the history never closes', () => new Promise<void>(() => undefined)],
  ])('%s', async (_, closeHistory) => {
    const { server, gateway } = leaseServer();
    const { life, started } = service(gateway, closeHistory);
    await started;
    expect(server.holder).not.toBe('');
    await life.stop();
    expect(server.holder).toBe('');
  });

  it('while it was taking it', async () => {
    const { server, gateway } = leaseServer();
    const answered = Promise.withResolvers<void>();
    server.answers = answered.promise;
    const { life } = service(gateway, () => Promise.resolve());
    await expect.poll(() => server.holder).not.toBe('');
    const stopped = life.stop();
    answered.resolve();
    await stopped;
    expect(server.holder).toBe('');
  });
});

describe('a process that is told to stop', () => {
  it('ends soon while another one holds the Lease, and leaves it alone', async () => {
    const { server, gateway } = leaseServer('nkvm-1');
    const { life } = service(gateway, () => Promise.resolve());
    await expect.poll(() => life.waitsFor()).toContain('nkvm-1 holds Lease nkvm/nkvm');
    await life.stop();
    expect(server).toMatchObject({ holder: 'nkvm-1', writes: 0 });
  });

  it.each([
    ['before it has the Lease', true],
    ['when it has the Lease', false],
  ])('ends while the API server is away, %s', async (_, isAwayFirst) => {
    const { server, gateway } = leaseServer();
    server.isAway = isAwayFirst;
    const { life, started } = service(gateway, () => Promise.resolve());
    if (isAwayFirst) await expect.poll(() => life.waitsFor()).toContain('no answer');
    else await started;
    server.isAway = true;
    await life.stop();
    expect(server.holder === '').toBe(isAwayFirst);
  });
});
