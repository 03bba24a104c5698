import { afterEach, describe, expect, it } from 'vitest';
import { isName, isServiceName, placeOf, proxyPathOf, readPlacesFrom } from './place';

afterEach(() => readPlacesFrom(() => undefined));

const elsewhere = { namespace: 'backup', service: 'volumes' };
const third = { namespace: 'third', service: 'nkvm' };

describe('the place of a cluster’s NKVM', () => {
  it.each<[string, unknown, object]>([
    ['is the usual one where nothing is set', undefined, { namespace: 'nkvm', service: 'nkvm' }],
    ['is the one of all clusters', { all: elsewhere }, elsewhere],
    ['is the cluster’s own before that', { all: third, clusters: { main: elsewhere } }, elsewhere],
    ['is not that of another cluster', { all: third, clusters: { other: elsewhere } }, third],
    [
      'is no address that somebody has put into the storage of the browser',
      { all: { namespace: 'a/../b', service: 'nkvm' }, clusters: { main: { namespace: 'x' } } },
      { namespace: 'nkvm', service: 'nkvm' },
    ],
    ['is the usual one where the storage holds something else', 'x', { namespace: 'nkvm' }],
  ])('%s', (_, stored, expected) => {
    readPlacesFrom(() => stored);
    expect(placeOf('main')).toMatchObject({ cluster: 'main', ...expected });
  });

  it('is not taken from what every object has', () => {
    readPlacesFrom(() => ({ all: third }));
    expect(placeOf('constructor')).toMatchObject(third);
  });

  it('is that of the cluster whose NKVM backs up another one', () => {
    readPlacesFrom(() => ({ clusters: { main: elsewhere } }));
    expect(placeOf('main/site-b')).toEqual({ cluster: 'main', ...elsewhere });
  });

  it('is behind HTTPS where the name of the Service says so', () => {
    readPlacesFrom(() => ({ all: { namespace: 'nkvm', service: 'https:nkvm' } }));
    const path = '/api/v1/namespaces/nkvm/services/https:nkvm:http/proxy';
    expect(proxyPathOf(placeOf('main'))).toBe(path);
  });

  it('is where requests go', () => {
    expect(proxyPathOf(elsewhere)).toBe('/api/v1/namespaces/backup/services/volumes:http/proxy');
  });
});

it.each([
  ['nkvm', true],
  ['backup-2', true],
  ['a'.repeat(63), true],
  ['a'.repeat(64), false],
  ['', false],
  ['-a', false],
  ['a-', false],
  ['Backup', false],
  ['a.b', false],
  ['a/b', false],
  ['nkvm:http', false],
  ['a\n', false],
])('a name: %j %s', (text, expected) => expect(isName(text)).toBe(expected));

it.each([
  ['nkvm', true],
  ['https:nkvm', true],
  ['https:', false],
  ['https:https:nkvm', false],
  ['http:nkvm', false],
  ['nkvm:http', false],
])('a name of a Service: %j %s', (text, expected) => expect(isServiceName(text)).toBe(expected));
