import { expect, it } from 'vitest';
import type { Owner } from '../../sidecar/api';
import { ownerText, routeOf } from './owners';

const reference = (apiVersion: string, kind: string, name = 'a') => ({ apiVersion, kind, name });

it.each([
  ['apps/v1', 'Deployment', 'Deployment'],
  ['apps/v1', 'StatefulSet', 'StatefulSet'],
  ['batch/v1', 'CronJob', 'CronJob'],
  ['v1', 'Pod', 'Pod'],
  ['postgresql.cnpg.io/v1', 'Cluster', undefined],
  ['example.com/v1', 'Deployment', undefined],
])('%s %s has the page %s', (apiVersion, kind, route) => {
  expect(routeOf(reference(apiVersion, kind))).toBe(route);
});

it.each<[Owner, string]>([
  [{ kind: 'Single', owner: reference('v1', 'Pod') }, 'Pod a'],
  [
    { kind: 'Multiple', owners: [reference('v1', 'Pod'), reference('apps/v1', 'Deployment', 'b')] },
    'Pod a, Deployment b',
  ],
  [{ kind: 'Unknown', reason: 'no pod uses it' }, ''],
])('%j reads %s', (owner, text) => expect(ownerText(owner)).toBe(text));
