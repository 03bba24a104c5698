import { expect } from 'vitest';
import { Refused } from '../client.ts';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';

/** @returns a new label, and the query of watches that see only objects with it. */
function selection(world: World): { labels: Record<string, string>; query: string } {
  const group = world.name('group');
  return { labels: { group }, query: `watch=true&labelSelector=group%3D${group}` };
}

const told = (events: Any[]): string[] =>
  events.map(({ type, object }) => `${type} ${object.data?.a ?? ''}`.trim());

export const watches: Area = {
  title: 'Watches',
  behaviours: [
    {
      says: 'tells what happens after the version of a list, in order, each with its version',
      async holds(world) {
        const { labels, query } = selection(world);
        const maps = `${world.here}/configmaps`;
        await world.configMap({ metadata: { labels }, data: { a: 'before' } });
        const { metadata: from } = (await world.client.get(maps)).json;
        const { metadata } = await world.configMap({ metadata: { labels }, data: { a: '1' } });
        await world.client.patch(`${maps}/${metadata.name}`, 'merge', { data: { a: '2' } });
        await world.client.delete(`${maps}/${metadata.name}`);
        const path = `${maps}?${query}&resourceVersion=${from.resourceVersion}`;
        const events = await world.watch(path, ({ type }) => type === 'DELETED');
        expect(told(events)).toEqual(['ADDED 1', 'MODIFIED 2', 'DELETED 2']);
        const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
        expect(versions).toEqual([...versions].sort((a, b) => a - b));
        expect(new Set(versions).size).toBe(3);
        expect(events[0].object.kind).toBe('ConfigMap');
      },
    },
    {
      says: 'begins with what is there where no version is given',
      async holds(world) {
        const { labels, query } = selection(world);
        await world.configMap({ metadata: { labels }, data: { a: '1' } });
        const events = await world.watch(`${world.here}/configmaps?${query}`, () => true);
        expect(told(events)).toEqual(['ADDED 1']);
      },
    },
    {
      says: 'ends the beginning with an annotated bookmark where the client asks for it',
      async holds(world) {
        const { labels, query } = selection(world);
        await world.configMap({ metadata: { labels }, data: { a: '1' } });
        const wish =
          'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
        const events = await world.watch(
          `${world.here}/configmaps?${query}&${wish}`,
          ({ type }) => type === 'BOOKMARK'
        );
        expect(told(events)).toEqual(['ADDED 1', 'BOOKMARK']);
        expect(events[1].object.metadata.annotations).toEqual({
          'k8s.io/initial-events-end': 'true',
        });
      },
    },
    {
      says: 'ends after the seconds that the client names, and sends a bookmark before',
      async holds(world) {
        const { labels, query } = selection(world);
        const maps = `${world.here}/configmaps`;
        const { metadata: from } = (await world.client.get(maps)).json;
        const made = await world.configMap({ metadata: { labels } });
        const wish = `allowWatchBookmarks=true&timeoutSeconds=4&resourceVersion=${from.resourceVersion}`;
        const events = await world.watch(`${maps}?${query}&${wish}`);
        const [first, ...rest] = events.map(({ type }) => type);
        expect([first, ...new Set(rest)]).toEqual(['ADDED', 'BOOKMARK']);
        const version = Number(events.at(-1)!.object.metadata.resourceVersion);
        expect(version).toBeGreaterThanOrEqual(Number(made.metadata.resourceVersion));
      },
    },
    {
      says: 'goes on from the version of a bookmark or of the last event without telling it again',
      async holds(world) {
        const { labels, query } = selection(world);
        const maps = `${world.here}/configmaps`;
        const first = await world.configMap({ metadata: { labels }, data: { a: '1' } });
        await world.configMap({ metadata: { labels }, data: { a: '2' } });
        const from = first.metadata.resourceVersion;
        const events = await world.watch(`${maps}?${query}&resourceVersion=${from}`, () => true);
        expect(told(events)).toEqual(['ADDED 2']);
      },
    },
    {
      says: 'answers a watch from a version that is forgotten with an event of type ERROR and code 410',
      needsPast: true,
      async holds(world) {
        // Of events, because the API server keeps no cache of them: version 1 is gone after the first compaction.
        const events = await world.watch(
          `${world.here}/events?watch=true&resourceVersion=1&timeoutSeconds=5`,
          () => true
        );
        expect(events[0]).toMatchObject({
          type: 'ERROR',
          object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 },
        });
      },
    },
    {
      says: 'tells an object that leaves the selection as DELETED, and one that enters it as ADDED',
      async holds(world) {
        const { labels, query } = selection(world);
        const maps = `${world.here}/configmaps`;
        const { metadata } = await world.configMap({ data: { a: '1' } });
        const path = `${maps}/${metadata.name}`;
        await world.client.patch(path, 'merge', { metadata: { labels } });
        await world.client.patch(path, 'merge', { metadata: { labels: null } });
        const events = await world.watch(
          `${maps}?${query}&resourceVersion=${metadata.resourceVersion}`,
          ({ type }) => type === 'DELETED'
        );
        expect(told(events)).toEqual(['ADDED 1', 'DELETED 1']);
      },
    },
    {
      says: 'refuses a version that is not a number with 500',
      async holds({ client, here }) {
        const { status, json } = await client.get(`${here}/pods?watch=true&resourceVersion=abc`);
        expect([status, json.kind]).toEqual([500, 'Status']);
      },
    },
    {
      says: 'sends events over a WebSocket as messages of text, under the subprotocol that the client offers',
      async holds(world) {
        const { labels, query } = selection(world);
        await world.configMap({ metadata: { labels }, data: { a: '1' } });
        const path = `${world.here}/configmaps?${query}&timeoutSeconds=1`;
        const headers = { origin: 'http://localhost' };
        const messages: [string, boolean][] = [];
        const { socket, closed } = await world.client.connect(
          path,
          ['base64.binary.k8s.io'],
          (data, isBinary) => void messages.push([data.toString('utf8'), isBinary]),
          { headers }
        );
        expect([await closed, socket.protocol]).toEqual([1000, 'base64.binary.k8s.io']);
        expect(messages).toHaveLength(1);
        expect(told([JSON.parse(messages[0]![0])])).toEqual(['ADDED 1']);
        expect(messages[0]![1]).toBe(false);
      },
    },
    {
      says: 'refuses a watch over a WebSocket without an Origin with 403',
      async holds({ client, here }) {
        const refusal = client.connect(`${here}/pods?watch=true&timeoutSeconds=1`, []);
        await expect(refusal).rejects.toBeInstanceOf(Refused);
        await expect(refusal).rejects.toMatchObject({ status: 403 });
      },
    },
  ],
};
