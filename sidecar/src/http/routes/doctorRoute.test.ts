import { afterEach, beforeEach, expect, it } from 'vitest';
import { DoctorReport } from '../../../api/index.ts';
import type { Viewer } from '../../doctor/doctor.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';

let world: HttpTestWorld;
let asked: Viewer[];

beforeEach(async () => {
  asked = [];
  world = await httpWorld({
    async doctor(viewer) {
      asked.push(viewer);
      return {
        ...{ outcome: 'ok', at: '2026-01-01T00:00:00.000Z', version: '0.0.0' },
        ...{ cluster: 'test', namespace: 'nkvm', checks: [] },
      };
    },
  });
});
afterEach(() => world.close());

it('answers administrators of NKVM', async () => {
  const { status, body } = await world.ask('admin', 'GET', 'doctor');
  expect(status).toBe(200);
  expect(DoctorReport.parse(body).outcome).toBe('ok');
  expect(asked).toEqual([{ seesNamespaces: true, seesDestinations: true }]);
});

it.each(['shopper', 'viewer', 'single', 'nobody'])('checks nothing for %s', async who => {
  expect(await world.ask(who, 'GET', 'doctor')).toMatchObject({
    status: 403,
    body: { detail: `${who} may not get settings.nkvm.io in namespace nkvm` },
  });
  expect(await world.ask(undefined, 'GET', 'doctor')).toMatchObject({ status: 401 });
  expect(asked).toEqual([]);
});

it.each<[string, string[], Viewer]>([
  ['neither', [], { seesNamespaces: false, seesDestinations: false }],
  [
    'namespaces',
    ['list persistentvolumeclaims *'],
    { seesNamespaces: true, seesDestinations: false },
  ],
  ['destinations', ['get destinations nkvm'], { seesNamespaces: false, seesDestinations: true }],
])('shows the names of %s to those with the right', async (_, grants, viewer) => {
  world.grants.setter = ['get settings nkvm', ...grants];
  expect((await world.ask('setter', 'GET', 'doctor')).status).toBe(200);
  expect(asked).toEqual([viewer]);
});
