import { afterEach, expect, it } from 'vitest';
import type { MetLimit } from '../../../api/index.ts';
import type { RestoreEngine } from '../../restore/types.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;
afterEach(() => world.close());

const never: RestoreEngine = {
  plan: async () => Promise.reject(new Error('not asked')),
  admit: async () => Promise.reject(new Error('not asked')),
  undoOf() {
    throw new Error('not asked');
  },
};

/** Namespaces `ns-000` to `ns-204`, each with a claim; rights are looked up in the first 200. */
async function manyNamespaces(grants: string[], maxNamespaceScan = 200): Promise<void> {
  world = await httpWorld({ maxNamespaceScan, restores: never });
  world.claims = [];
  for (const name of Object.keys(world.namespaces)) delete world.namespaces[name];
  for (let at = 0; at < 205; at += 1) {
    const name = `ns-${String(at).padStart(3, '0')}`;
    world.namespaces[name] = { name, uid: `uid-${name}`, createdAt: '2026-01-01T00:00:00Z' };
    world.put(name, 'data');
  }
  world.grants.someone = grants;
}

const ask = (path: string) => world.ask('someone', 'GET', path);
const sentences = ({ limits = [] }: { limits?: MetLimit[] }) => limits.map(each => each.message);

const SEE = ['list persistentvolumeclaims', 'list persistentvolumeclaims/backup'];
const inEach = (rights: string[], ...namespaces: string[]) =>
  namespaces.flatMap(namespace => rights.map(each => `${each} ${namespace}`));

it.each<[string, string]>([
  ['volumes', 'volumes of other namespaces are missing'],
  ['backups', 'backups of other namespaces are missing'],
  ['restores', 'restores into other namespaces are missing'],
])(
  '%s: with a right in the last namespace only, the answer says where it stopped',
  async (path, what) => {
    await manyNamespaces(inEach(SEE, 'ns-204'));
    if (path === 'restores' || path === 'backups') world.claims = [];
    const { status, body } = await ask(path);
    expect([status, body.incomplete, body[path]]).toEqual([200, true, []]);
    expect(sentences(body)).toEqual([
      `your rights were looked up in the first 200 namespaces only: ${what}`,
    ]);
    expect(body.limits[0].hint).toContain('namespace=NAME');
    const one = await ask(`${path}?namespace=ns-204`);
    expect([one.status, one.body.incomplete, one.body.limits]).toEqual([200, false, undefined]);
  }
);

it('volumes of the first namespace are there, and the answer says that others are missing', async () => {
  await manyNamespaces(inEach(SEE, 'ns-000', 'ns-204'));
  const { body } = await ask('volumes');
  expect(body.volumes).toMatchObject([{ namespace: 'ns-000' }]);
  expect(sentences(body)).toHaveLength(1);
  expect(JSON.stringify(body)).not.toMatch(/205|ns-204/); // how many there are is not for everybody
});

it('volumes of all namespaces whose other rights were not all looked up say so', async () => {
  const all = Array.from({ length: 205 }, (_, at) => `ns-${String(at).padStart(3, '0')}`);
  await manyNamespaces(['list persistentvolumeclaims *', ...inEach(['list pods'], ...all)]);
  const { body } = await ask('volumes');
  expect([body.volumes.length, body.incomplete]).toEqual([205, false]);
  expect(body.volumes[199].podsVisible).toBe(true);
  expect(body.volumes[204]).toMatchObject({
    podsVisible: false,
    owner: { reason: expect.stringContaining('has not looked up') },
  });
  expect(sentences(body)).toEqual([
    expect.stringMatching(/first 200 namespaces only: of volumes in other namespaces, podsVisible/),
    expect.stringMatching(/first 200 only: of the others, mayBackUp is false/),
  ]);
});

it('nothing is said where everything was looked up', async () => {
  await manyNamespaces(inEach(SEE, 'ns-204'), 205);
  const { body } = await ask('volumes');
  expect([body.volumes.length, body.incomplete, body.limits]).toEqual([1, false, undefined]);
});

it('destinations are shown to a caller who names a namespace behind the limit', async () => {
  await manyNamespaces(['create persistentvolumeclaims/backup ns-204']);
  expect(await ask('destinations')).toMatchObject({
    status: 403,
    body: { hint: expect.stringContaining('destinations?namespace=NAME') },
  });
  for (const path of ['destinations', 'destinations/local']) {
    expect((await ask(`${path}?namespace=ns-204`)).status).toBe(200);
    expect((await ask(`${path}?namespace=ns-000`)).status).toBe(403);
  }
});

it('volumes of a destination beyond the limit are counted', async () => {
  await manyNamespaces(['*']);
  const share = { cluster: 'test', namespace: 'ns-000', archives: 1, bytes: 1 };
  const newestAt = '2026-01-01T00:00:00Z';
  world.catalogs.local = {
    problem: null,
    catalog: { archives: 201, bytes: 201, onlyHere: 0, foreign: 0, readAt: newestAt },
    volumes: Array.from({ length: 201 }, (_, at) => ({ ...share, name: `v-${at}`, newestAt })),
  };
  const { body } = await ask('destinations/local');
  expect(body.volumes).toHaveLength(200);
  expect(sentences(body)).toEqual(['the list has 200 of 201 volumes, those with the most bytes']);
});
