import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { until } from '../cluster/support/until.ts';
import type { Account } from './support/kube.ts';
import type { Team } from './support/victims.ts';
import { makeTeam } from './support/victims.ts';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

const GREEDY: Account = { namespace: 'load-greedy', name: 'greedy' };
const MODEST: Account = { namespace: 'load-modest', name: 'modest' };

let world: HostileWorld;
let greedyTeam: Team;
let greedy: string;
let modest: string;

beforeAll(async () => {
  world = await hostileWorld();
  const admin = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
  greedyTeam = await makeTeam(world, admin, GREEDY.namespace, 'buzzard');
  await makeTeam(world, admin, MODEST.namespace, 'kestrel');
  for (const account of [GREEDY, MODEST]) {
    await world.kube.account(account);
    await world.kube.bind(account.namespace, 'nkvm-restorer', account);
  }
  greedy = await world.kube.token(GREEDY);
  modest = await world.kube.token(MODEST);
});
afterAll(() => world?.stop());

/** Opens connections, each with these bytes. They end with the test. */
async function connections(count: number, bytes: string): Promise<net.Socket[]> {
  const sockets = Array.from({ length: count }, () => net.connect(world.sidecar.port, '127.0.0.1'));
  onTestFinished(() => sockets.forEach(socket => socket.destroy()));
  for (const socket of sockets) socket.on('error', () => undefined);
  await Promise.all(sockets.map(socket => once(socket, 'connect')));
  for (const socket of sockets) socket.write(bytes);
  return sockets;
}

const served = async (): Promise<void> => {
  for (const path of ['/api/v1/volumes', '/api/v1/backups']) {
    const answer = await world.call(path, modest);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(await answer.text()).toContain('kestrel');
  }
};

const request = (line: string, more = ''): string =>
  `${line} HTTP/1.1\r\nHost: x\r\nX-NKVM-Token: ${greedy}\r\n${more}\r\n`;

it('others are served while 1,000 connections say nothing', async () => {
  await connections(1_000, '');
  await served();
});

it('others are served while 1,000 connections send their headers and never end', async () => {
  await connections(1_000, request('GET /api/v1/volumes').slice(0, -2));
  await served();
});

it('others are served while 500 bodies never end', async () => {
  const more = 'Content-Type: application/json\r\nContent-Length: 1000\r\n';
  await connections(500, `${request('POST /api/v1/backups', more)}{`);
  await served();
});

it('others are served while 500 uploads never end', async () => {
  const more = 'Content-Type: application/gzip\r\nContent-Length: 100000\r\n';
  await connections(500, request(`POST /api/v1/uploads?namespace=${GREEDY.namespace}`, more));
  await served();
});

it('a connection that there is no room for is told so, and room comes back', async () => {
  const sockets: net.Socket[] = [];
  // The kernel says that a connection is there before the sidecar has taken it: each asks something first.
  const hello = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /';
  while (sockets.length < 1_500) {
    const more = await connections(100, hello);
    await Promise.all(more.map(socket => once(socket, 'data')));
    sockets.push(...more);
  }
  const refused = new Promise<string>(resolve => {
    const more = net.connect(world.sidecar.port, '127.0.0.1');
    onTestFinished(() => void more.destroy());
    more.on('error', () => undefined).once('data', chunk => resolve(`${chunk}`));
  });
  expect(await refused).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: \d[\s\S]*TooManyConnections/i);
  for (const socket of sockets) socket.destroy();
  await until('others are served', () => served().then(() => true), 20_000);
});

it('others are served while one caller asks 3,000 times at once, and too much is refused', async () => {
  const asked = Array.from({ length: 3_000 }, () =>
    world
      .call('/api/v1/volumes', greedy)
      .then(async answer => (await answer.text(), answer))
      .catch(() => undefined)
  );
  await until('others are served', () => served().then(() => true), 20_000);
  const answers = (await Promise.all(asked)).filter(answer => answer !== undefined);
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].filter(status => ![200, 429, 503].includes(status))).toEqual([]);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
});

it('one caller has a limit of event streams, and others still get one', async () => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const open = (token: string) =>
    world.call('/api/v1/volumes/events', token, { signal: stop.signal });
  const answers = await Promise.all(Array.from({ length: 40 }, () => open(greedy)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(20);
  for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await open(modest)).status).toBe(200);
  await served();
});

it('one caller has a limit of downloads that nobody reads, and each ticket is good once', async () => {
  const give = async (): Promise<string> => {
    const answer = await world.call(`/api/v1/backups/${greedyTeam.backup.id}/downloads`, greedy, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    return (await answer.json()).path;
  };
  const path = await give();
  expect((await world.call(path)).status).toBe(200);
  expect((await world.call(path)).status).toBe(404);
  const tickets = await Promise.all(Array.from({ length: 20 }, give));
  for (const ticket of tickets) await connections(1, `GET ${ticket} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await served();
});

it('the sidecar ends in order while all of that is open', async () => {
  await connections(200, '');
  const stream = await world.call('/api/v1/volumes/events', modest);
  const stopped = world.sidecar.stop();
  expect(await stream.text()).toMatch(/event: end\ndata: {"reason":"stopping"}/);
  await stopped;
});
