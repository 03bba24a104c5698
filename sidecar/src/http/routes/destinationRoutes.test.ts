import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  AppendOnly,
  Destination,
  DestinationCheck,
  DestinationDetails,
  DestinationList,
} from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;
let dir: string;
beforeEach(async () => {
  world = await httpWorld();
  dir = await mkdtemp(join(tmpdir(), 'nkvm-nas-'));
  onTestFinished(async () => {
    await world.close();
    await rm(dir, { recursive: true });
  });
});

const secret = (name: string, data: Record<string, string>, annotations = {}) => ({
  ...{ name, kind: 'directory', data, annotations },
});
const ask = (who: string, method: 'GET' | 'POST', path: string, body?: unknown) =>
  world.ask(who, method, path, body);

describe('the list of destinations', () => {
  beforeEach(() =>
    world.configure([
      secret('nas', { path: dir }, { 'nkvm.io/default': 'true', 'nkvm.io/required': 'false' }),
      secret('old', { pfad: '/mnt' }),
    ])
  );

  it('has everything for those who may see it', async () => {
    const { status, body } = await ask('admin', 'GET', 'destinations');
    expect(status).toBe(200);
    const { destinations, mayManage } = DestinationList.parse(body);
    expect(mayManage).toBe(true);
    expect(destinations).toMatchObject([
      { name: 'local', kind: 'local', isDefault: false, isRequired: true, location: 'memory' },
      {
        name: 'nas',
        kind: 'directory',
        isDefault: true,
        isRequired: false,
        location: dir,
        state: 'unknown',
        problem: null,
      },
      { name: 'old', state: 'invalid', location: null, problem: { reason: 'DestinationInvalid' } },
    ]);
  });

  it('has names, kinds and states for those who may back up', async () => {
    const { status, body } = await ask('shopper', 'GET', 'destinations');
    expect(status).toBe(200);
    const { destinations, mayManage } = DestinationList.parse(body);
    expect(mayManage).toBe(false);
    expect(
      destinations.map(({ name, kind, state, isDefault }) => ({ name, kind, state, isDefault }))
    ).toEqual([
      { name: 'local', kind: 'local', state: 'unknown', isDefault: false },
      { name: 'nas', kind: 'directory', state: 'unknown', isDefault: true },
      { name: 'old', kind: 'directory', state: 'invalid', isDefault: false },
    ]);
    expect(JSON.stringify(body)).not.toContain(dir);
    for (const { location, problem, catalog } of destinations)
      expect({ location, problem, catalog }).toEqual({
        location: null,
        problem: null,
        catalog: null,
      });
  });

  it('is refused to anyone else, with the right that is missing', async () => {
    const { status, body } = await ask('viewer', 'GET', 'destinations');
    expect(status).toBe(403);
    expect(body.detail).toContain('destinations.nkvm.io');
  });
});

describe('one destination', () => {
  it('has its catalog, and the volumes of namespaces that the caller may list backups of', async () => {
    const of = { name: 'db', archives: 2, bytes: 7, newestAt: '2026-11-19T10:00:00.000Z' };
    world.catalogs.local = {
      catalog: {
        archives: 6,
        bytes: 21,
        onlyHere: 1,
        foreign: 2,
        readAt: '2026-11-20T10:00:00.000Z',
      },
      volumes: [
        { ...of, cluster: 'test', namespace: 'shop' },
        { ...of, cluster: 'test', namespace: 'billing' },
        { ...of, cluster: 'lost', namespace: 'shop' },
      ],
      problem: new StageError('checksum', 'ConnectionBroke', 'broke', 'h', 'transient'),
    };
    const all = DestinationDetails.parse((await ask('admin', 'GET', 'destinations/local')).body);
    expect(all.destination).toMatchObject({
      catalog: { archives: 6 },
      catalogProblem: { reason: 'ConnectionBroke', failureClass: 'transient' },
    });
    expect(all.volumes).toHaveLength(3);
    world.grants.shopper?.push('get destinations nkvm');
    const some = DestinationDetails.parse((await ask('shopper', 'GET', 'destinations/local')).body);
    expect(some.volumes).toEqual([{ ...of, cluster: 'test', namespace: 'shop' }]);
  });

  it.each([
    'GET destinations/west',
    'POST destinations/west/check',
    'POST destinations/west/append-only',
    'POST destinations/west/catalog',
  ])('that is not there is not found: %s', async route => {
    const [method, path = ''] = route.split(' ');
    const { status, body } = await ask('admin', method as 'GET', path);
    expect([status, body.reason]).toEqual([404, 'DestinationNotFound']);
  });
});

describe('what changes something', () => {
  beforeEach(() => world.configure([secret('nas', { path: dir })]));

  it.each([
    ['POST', 'destinations/nas/check', undefined, 'update'],
    ['POST', 'destinations/nas/append-only', undefined, 'update'],
    ['POST', 'destinations/nas/catalog', undefined, 'update'],
    [
      'POST',
      'destinations/check',
      { name: 'new', kind: 'directory', settings: { path: '/mnt' } },
      'create',
    ],
  ] as const)('%s %s needs a right of its own', async (method, path, body, verb) => {
    world.grants.shopper?.push('get destinations nkvm');
    const refused = await ask('shopper', method, path, body);
    expect(refused.status).toBe(403);
    world.grants.manager = [`${verb} destinations nkvm`];
    const { status } = await world.ask('manager', method, path, body);
    expect(status).not.toBe(403);
  });

  it('is a test: everything that a backup does, and nothing stays', async () => {
    const { status, body } = await ask('admin', 'POST', 'destinations/nas/check');
    expect(status).toBe(200);
    expect(DestinationCheck.parse(body).passed).toBe(true);
    expect(await readdir(dir)).toEqual([]);
    const { body: after } = await ask('admin', 'GET', 'destinations/nas');
    expect(after.destination.state).toBe('ready');
  });

  it('is a test of settings that are not stored', async () => {
    const settings = { path: join(dir, 'missing') };
    const { body } = await ask('admin', 'POST', 'destinations/check', {
      name: 'new',
      kind: 'directory',
      settings,
    });
    const { passed, steps } = DestinationCheck.parse(body);
    expect(passed).toBe(false);
    expect(steps.find(({ state }) => state === 'failed')).toMatchObject({
      step: 'space',
      problem: { reason: 'DestinationMissing' },
    });
    const wrong = await ask('admin', 'POST', 'destinations/check', {
      name: 'new',
      kind: 'directory',
      settings: { pfad: 'x' },
    });
    expect(wrong.body.steps[0]).toMatchObject({ step: 'settings', state: 'failed' });
    expect((await ask('admin', 'GET', 'destinations/new')).status).toBe(404);
  });

  it('is the check whether archives can be deleted, whose result stays', async () => {
    const { body } = await ask('admin', 'POST', 'destinations/nas/append-only');
    expect(AppendOnly.parse(body).result).toBe('deletable');
    const { body: after } = await ask('admin', 'GET', 'destinations/nas');
    expect(after.destination.appendOnly).toEqual(body);
    expect(await readdir(dir)).toEqual([]);
  });

  it('is reading the catalog, which goes on after the answer', async () => {
    const { status, body } = await ask('admin', 'POST', 'destinations/nas/catalog');
    expect(status).toBe(202);
    expect(Destination.parse(body).name).toBe('nas');
  });
});
