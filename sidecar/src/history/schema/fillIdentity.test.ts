import { expect, it } from 'vitest';
import type { Backup } from '../../../api/index.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';

const createdAt = '2026-11-20T10:11:12.000Z';
const old = { name: 'shop', uid: 'ns-1', createdAt: '2026-01-01T00:00:00Z' };
const young = { name: 'shop', uid: 'ns-2', createdAt: '2026-11-21T00:00:00Z' };
const nothing = { clusterUid: null, namespaceUid: null };

type Ids = Pick<Backup, 'clusterUid' | 'namespaceUid'>;

it.each<[string, Ids, (typeof old)[], Ids]>([
  ['from before identities', nothing, [old], { clusterUid: 'c', namespaceUid: 'ns-1' }],
  ['of a namespace made again since', nothing, [young], { clusterUid: 'c', namespaceUid: null }],
  ['of a namespace that is gone', nothing, [], { clusterUid: 'c', namespaceUid: null }],
  [
    'of this cluster',
    { ...nothing, clusterUid: 'c' },
    [old],
    { clusterUid: 'c', namespaceUid: 'ns-1' },
  ],
  [
    'of another cluster',
    { ...nothing, clusterUid: 'd' },
    [old],
    { clusterUid: 'd', namespaceUid: null },
  ],
  [
    'with all of it',
    { clusterUid: 'c', namespaceUid: 'ns-0' },
    [old],
    { clusterUid: 'c', namespaceUid: 'ns-0' },
  ],
])('a run %s', async (_, ids, namespaces, expected) => {
  const history = await openFor(newPath());
  const run = exampleRun({ namespace: 'shop', createdAt, ...ids });
  await history.add([run]);
  history.fillIdentity('c', namespaces);
  expect(history.get(run.id)).toMatchObject(expected);
});
