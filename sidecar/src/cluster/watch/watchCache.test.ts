import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { kubeConfigFor, ListWatchServer } from '../../../../tests/support/listWatchServer.ts';
import { gatewayOf } from '../gateway/gateway.ts';
import { WatchCache, type WatchLimits, watchLimits } from './watchCache.ts';

const PODS = '/api/v1/pods';

interface Pod {
  metadata: { name: string };
  phase?: string;
}

let server: ListWatchServer;
let port: number;
/** How many failures in a row there were at each pause. */
let pauses: number[];
let logged: string[];

beforeEach(async () => {
  server = new ListWatchServer();
  port = await server.listen();
  pauses = [];
  logged = [];
  onTestFinished(() => server.close());
});

/** Keeps `name phase` of each pod that has a phase. */
function startCache(limits: Partial<WatchLimits> = {}): WatchCache<Pod, string> {
  const cache = new WatchCache<Pod, string>(
    gatewayOf(kubeConfigFor(port)),
    {
      name: 'pods',
      path: PODS,
      project: ({ metadata, phase }) => (phase ? `${metadata.name} ${phase}` : undefined),
    },
    { info: (_, text) => logged.push(text), warn: (_, text) => logged.push(text) },
    {
      ...watchLimits,
      retryMs: failures => {
        pauses.push(failures);
        return 5;
      },
      ...limits,
    }
  );
  onTestFinished(() => cache.stop());
  return cache;
}

/** @returns a cache that watches, with pods `a` and `b` on the server. */
async function startedCache(limits: Partial<WatchLimits> = {}): Promise<WatchCache<Pod, string>> {
  put('a', 'Running');
  put('b', 'Pending');
  const cache = startCache(limits);
  await eventually(() => server.openWatches(PODS)).toBe(1);
  return cache;
}

const pod = (name: string, phase?: string, more = {}) => ({
  metadata: { namespace: 'shop', name, ...more },
  phase,
});
const put = (name: string, phase?: string, more = {}) => server.put(PODS, pod(name, phase, more));
const eventually = <T>(look: () => T) => expect.poll(look, { interval: 5, timeout: 5_000 });
const factsOf = (cache: WatchCache<Pod, string>) =>
  cache.facts
    .namespaces()
    .flatMap(namespace => [...cache.facts.in(namespace)])
    .sort();
const verbs = () => server.requests.map(({ verb }) => verb).join(' ');

it('reads the first list in pages, then watches from its version', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) put(name, 'Running');
  const cache = startCache({ pageSize: 2 });
  expect(cache.hasList).toBe(false);
  await cache.firstList;
  expect(cache.hasList).toBe(true);
  expect(factsOf(cache)).toEqual(['a Running', 'b Running', 'c Running', 'd Running', 'e Running']);
  await eventually(() => verbs()).toBe('LIST LIST LIST WATCH');
  expect(server.requests.map(({ query }) => query.limit)).toEqual(['2', '2', '2', undefined]);
  expect(server.requests[3]?.query).toMatchObject({
    resourceVersion: '1005',
    allowWatchBookmarks: 'true',
  });
});

it('follows what is added, changed and deleted', async () => {
  const cache = await startedCache();
  put('c', 'Pending');
  await eventually(() => factsOf(cache)).toEqual(['a Running', 'b Pending', 'c Pending']);
  put('b', 'Running');
  await eventually(() => factsOf(cache)).toEqual(['a Running', 'b Running', 'c Pending']);
  server.remove(PODS, 'a', 'shop');
  await eventually(() => factsOf(cache)).toEqual(['b Running', 'c Pending']);
  expect(pauses).toEqual([]);
});

it('keeps apart what has one name in two namespaces', async () => {
  const cache = await startedCache();
  server.put(PODS, pod('a', 'Failed', { namespace: 'office' }));
  await eventually(() => factsOf(cache)).toEqual(['a Failed', 'a Running', 'b Pending']);
});

it('lets go of an object that is no longer of interest', async () => {
  const cache = await startedCache();
  put('a');
  put('z');
  put('b', 'Running');
  await eventually(() => factsOf(cache)).toEqual(['b Running']);
});

it('goes on from the last event after the connection was cut', async () => {
  const cache = await startedCache();
  put('c', 'Running');
  await eventually(() => factsOf(cache)).toContain('c Running');
  server.cut(PODS);
  put('d', 'Running');
  server.remove(PODS, 'a', 'shop');
  await eventually(() => factsOf(cache)).toEqual(['b Pending', 'c Running', 'd Running']);
  expect(verbs()).toBe('LIST WATCH WATCH');
  expect(server.requests[2]?.query.resourceVersion).toBe('1003');
  server.cut(PODS);
  await eventually(() => verbs()).toBe('LIST WATCH WATCH WATCH');
  expect(pauses).toEqual([1, 1]);
});

it('takes an event that was cut in half from the next watch', async () => {
  const cache = await startedCache();
  server.putHalf(PODS, pod('c', 'Running'));
  await eventually(() => factsOf(cache)).toEqual(['a Running', 'b Pending', 'c Running']);
  expect(verbs()).toBe('LIST WATCH WATCH');
});

it('goes on from a bookmark', async () => {
  await startedCache();
  server.bookmark(PODS);
  server.cut(PODS);
  await eventually(() => server.requests[2]?.query.resourceVersion).toBe('1003');
});

it('lists anew when a watch says that its version is gone', async () => {
  const cache = await startedCache();
  server.mute(PODS);
  server.remove(PODS, 'a', 'shop');
  put('c', 'Running');
  server.expire(PODS);
  await eventually(() => factsOf(cache)).toEqual(['b Pending', 'c Running']);
  await eventually(() => verbs()).toBe('LIST WATCH LIST WATCH');
  expect(logged).toEqual([]);
});

it('lists anew when a watch ends with an error of the server', async () => {
  const cache = await startedCache();
  server.fail(PODS, 500, 'unable to decode an event');
  await eventually(() => verbs()).toBe('LIST WATCH LIST WATCH');
  expect(logged[0]).toBe('pods: unable to decode an event');
  await eventually(() => cache.problem).toBeUndefined();
});

it('lists anew when a watch is refused because its version is gone', async () => {
  const cache = await startedCache();
  server.refuse(PODS, 410, 'too old resource version');
  server.cut(PODS);
  await eventually(() => verbs()).toMatch(/^LIST WATCH WATCH LIST/);
  server.allow(PODS);
  put('c', 'Running');
  await eventually(() => factsOf(cache)).toContain('c Running');
});

it('renews a watch that the server ends in time, without a pause', async () => {
  const seconds = [0.1];
  await startedCache({ watchSeconds: () => seconds.pop() ?? 600 });
  server.bookmark(PODS);
  await eventually(() => verbs()).toBe('LIST WATCH WATCH');
  expect(pauses).toEqual([]);
});

it('pauses longer and longer while every watch ends at once', async () => {
  const cache = await startedCache({ watchSeconds: () => 0 });
  await eventually(() => pauses.slice(0, 4)).toEqual([1, 2, 3, 4]);
  expect(factsOf(cache)).toEqual(['a Running', 'b Pending']);
});

it('renews a watch that has gone silent', async () => {
  const cache = await startedCache({ silenceMs: 1_100 });
  server.mute(PODS);
  put('c', 'Running');
  await eventually(() => factsOf(cache)).toContain('c Running');
  expect(pauses).toEqual([]);
});

it('asks again when a list gets no answer', async () => {
  server.ignore(PODS);
  const cache = startCache({ pageMs: 50 });
  await eventually(() => pauses).toContain(2);
  expect(cache.problem).toBe('pods: GET /api/v1/pods took longer than 0.05 s');
  server.allow(PODS);
  await cache.firstList;
});

it('names the missing right, and reads as soon as it is granted', async () => {
  server.refuse(PODS, 403, 'pods is forbidden: User "nkvm" cannot list resource "pods"');
  put('a', 'Running');
  const cache = startCache();
  await eventually(() => pauses).toContain(3);
  expect(cache.hasList).toBe(false);
  expect(cache.problem).toMatch(
    /^pods: the rights list and watch are missing.*cannot list resource "pods"/
  );
  expect(logged).toEqual([cache.problem]);

  server.allow(PODS);
  await cache.firstList;
  expect(factsOf(cache)).toEqual(['a Running']);
  await eventually(() => cache.problem).toBeUndefined();
  expect(logged[1]).toBe('pods: the watch works again');
});

it('keeps what it had while the right is taken away', async () => {
  const cache = await startedCache();
  server.refuse(PODS, 403, 'pods is forbidden');
  server.cut(PODS);
  await eventually(() => cache.problem).toMatch(/forbidden/);
  expect(factsOf(cache)).toEqual(['a Running', 'b Pending']);
});

it('is empty where the cluster does not serve the resource, until it does', async () => {
  server.refuse(PODS, 404, 'the server could not find the requested resource');
  const cache = startCache();
  await cache.firstList;
  expect(factsOf(cache)).toEqual([]);
  server.allow(PODS);
  put('a', 'Running');
  await eventually(() => factsOf(cache)).toEqual(['a Running']);
});

it('does not take a later 404 for an empty cluster', async () => {
  const cache = await startedCache();
  server.refuse(PODS, 404, 'no route');
  server.cut(PODS);
  await eventually(() => pauses).toContain(3);
  expect(factsOf(cache)).toEqual(['a Running', 'b Pending']);
});

it('goes on with the watch when the server was only busy', async () => {
  await startedCache();
  server.refuse(PODS, 503, 'apiserver is shutting down');
  server.cut(PODS);
  await eventually(() => pauses).toContain(3);
  server.allow(PODS);
  await eventually(() => server.openWatches(PODS)).toBe(1);
  expect(verbs()).not.toContain('WATCH LIST');
});

it('waits for a server that is not up yet', async () => {
  await server.close();
  const cache = startCache();
  await eventually(() => pauses).toContain(2);
  expect(cache.problem).toBe(
    `pods: the API server 127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`
  );

  server = new ListWatchServer();
  onTestFinished(() => server.close());
  await server.listen(port);
  put('a', 'Running');
  await eventually(() => factsOf(cache)).toEqual(['a Running']);
});

it('closes its watch and asks for nothing more once it is stopped', async () => {
  const cache = await startedCache();
  await cache.stop();
  await eventually(() => server.openWatches(PODS)).toBe(0);
  put('c', 'Running');
  expect(factsOf(cache)).toEqual(['a Running', 'b Pending']);
  expect(verbs()).toBe('LIST WATCH');
  expect(cache.problem).toBeUndefined();
});

it.each([
  ['while it lists', () => server.ignore(PODS), () => server.requests.length],
  ['while it pauses', () => server.refuse(PODS, 503, 'busy'), () => pauses.length],
])('stops at once %s', async (_, make, count) => {
  make();
  const cache = startCache({
    retryMs: failures => {
      pauses.push(failures);
      return 3_600_000;
    },
  });
  await eventually(count).toBe(1);
  await cache.stop();
});
