import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import type { Any, World } from '../world.ts';

/** Makes ConfigMaps with one label in common. @returns the path that lists them. */
async function labelled(world: World, count: number): Promise<string> {
  const group = world.name('group');
  for (let i = 0; i < count; i += 1) {
    await world.configMap({
      metadata: { name: `${group}-${i}`, labels: { group, index: `${i}` } },
    });
  }
  return `${world.here}/configmaps?labelSelector=${encodeURIComponent(`group=${group}`)}`;
}

const names = (list: Any): string[] =>
  list.items.map((item: Any) => item.metadata.name.split('-').at(-1));

export const lists: Area = {
  title: 'Lists',
  behaviours: [
    {
      says: 'lists by name, with a resourceVersion for the whole, and leaves the kind of the items out',
      async holds(world) {
        const { json } = await world.client.get(await labelled(world, 2));
        expect(json).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
        expect(json.metadata.resourceVersion).toMatch(/^\d+$/);
        expect(names(json)).toEqual(['0', '1']);
        expect(json.items[0].kind).toBeUndefined();
      },
    },
    {
      says: 'answers an empty list, also for a namespace that is not there',
      async holds({ client }) {
        const { status, json } = await client.get('/api/v1/namespaces/contract-none/pods');
        expect([status, json.items]).toEqual([200, []]);
      },
    },
    {
      says: 'selects by labels: equal, not equal, in, notin, present, absent',
      async holds(world) {
        const path = await labelled(world, 3);
        const select = async (more: string) =>
          names((await world.client.get(`${path}${encodeURIComponent(`,${more}`)}`)).json);
        expect(await select('index=1')).toEqual(['1']);
        expect(await select('index!=1')).toEqual(['0', '2']);
        expect(await select('index in (0,2)')).toEqual(['0', '2']);
        expect(await select('index notin (0)')).toEqual(['1', '2']);
        expect(await select('index')).toHaveLength(3);
        expect(await select('!index')).toEqual([]);
      },
    },
    {
      says: 'selects by fields, and refuses fields that the kind does not offer with 400',
      async holds(world) {
        const pod = await world.shell();
        const select = (selector: string) =>
          world.client.get(`${world.here}/pods?fieldSelector=${encodeURIComponent(selector)}`);
        const found = await select(`metadata.name=${pod},status.phase=Running`);
        expect(found.json.items).toHaveLength(1);
        expect((await select(`metadata.name=${pod},status.phase!=Running`)).json.items).toEqual([]);
        const refused = await select('spec.none=1');
        expect([refused.status, refused.json.message]).toEqual([
          400,
          'field label not supported: spec.none',
        ]);
      },
    },
    {
      says: 'refuses a label selector that cannot be read with 400',
      async holds({ client, here }) {
        const { status, json } = await client.get(`${here}/pods?labelSelector=a+in`);
        expect([status, json.reason]).toEqual([400, 'BadRequest']);
      },
    },
    {
      says: 'lists in pages that show one moment, whatever is made in between',
      async holds(world) {
        const path = await labelled(world, 3);
        const first = (await world.client.get(`${path}&limit=2`)).json;
        expect(names(first)).toEqual(['0', '1']);
        const group = first.items[0].metadata.labels.group;
        await world.configMap({ metadata: { name: `${group}-9`, labels: { group } } });
        const token = encodeURIComponent(first.metadata.continue);
        const second = (await world.client.get(`${path}&limit=2&continue=${token}`)).json;
        expect(names(second)).toEqual(['2']);
        expect(second.metadata.continue).toBeUndefined();
        expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      },
    },
    {
      says: 'tells how many are left where nothing is selected',
      async holds(world) {
        await labelled(world, 2);
        const { json } = await world.client.get(`${world.here}/configmaps?limit=1`);
        expect(json.metadata.remainingItemCount).toBeGreaterThan(0);
      },
    },
    {
      says: 'refuses to go on with a page of a moment that is forgotten: 410 Expired, with a token for the present',
      needsPast: true,
      async holds({ client, here, namespace }) {
        const token = Buffer.from(
          JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1, start: `${namespace}/a\0` })
        ).toString('base64url');
        const { status, json } = await client.get(`${here}/configmaps?limit=1&continue=${token}`);
        expect([status, json.reason, json.code]).toEqual([410, 'Expired', 410]);
        expect(json.message).toMatch(/^The provided continue parameter is too old/);
        const goOn = await client.get(
          `${here}/configmaps?limit=1&continue=${json.metadata.continue}`
        );
        expect(goOn.status).toBe(200);
      },
    },
    {
      says: 'refuses a token that was not made by it with 400',
      async holds({ client, here }) {
        const { status, json } = await client.get(`${here}/configmaps?limit=1&continue=abc`);
        expect(status).toBe(400);
        expect(json.message).toMatch(/^invalid continue token/);
      },
    },
  ],
};
