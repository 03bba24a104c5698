import { expect, it } from 'vitest';
import type { Claim } from '../cluster/inventory.ts';
import { exampleRun } from '../testing/exampleRun.ts';
import { testClaim } from '../testing/testClaim.ts';
import { heldVolumes, podsHeldUp } from './heldVolume.ts';

const pod = (name: string, phase: string, node: string | null) => ({ name, phase, node });
const waiting = pod('orders-1', 'Pending', 'node-b');
const once = testClaim({ accessModes: ['ReadWriteOnce'], pods: [waiting] });

it.each<[string, Partial<Claim>, string | null, string[]]>([
  ['a pod on another node waits for the volume', {}, 'node-a', ['orders-1']],
  ['a pod on the same node does not', {}, 'node-b', []],
  ['nothing is said before the helper has a node', {}, null, []],
  ['a pod without a node waits for the scheduler', { pods: [pod('p', 'Pending', null)] }, 'a', []],
  ['a pod that runs does not wait', { pods: [pod('p', 'Running', 'b')] }, 'a', []],
  ['a volume for many nodes holds up nothing', { accessModes: ['ReadWriteMany'] }, 'node-a', []],
])('%s', (_, change, node, expected) => {
  expect(podsHeldUp({ ...once, ...change }, node)).toEqual(expected);
});

it('says so once in the log and in the message of the run, until the pod can start', () => {
  const helper = { pod: 'nkvm-backup-1', node: 'node-a', image: 'x' };
  let run = exampleRun({ uid: once.uid, status: 'running', stage: 'copy', message: '', helper });
  let claim = once;
  const warned: string[] = [];
  const look = heldVolumes({
    running: () => [run.id],
    claimOf: () => claim,
    history: {
      get: () => run,
      note: (__, change) => void (run = { ...run, ...change }),
    },
    log: { warn: (__, sentence) => void warned.push(sentence) },
  });
  look();
  look();
  const sentence =
    'a pod waits on another node for this volume, which stays where it is until the backup ends; ' +
    'cancel the backup to let the application start now';
  expect(warned).toEqual([sentence]);
  expect(run.message).toBe(sentence);
  claim = { ...once, pods: [] };
  look();
  expect(run.message).toBe('');
  expect(warned).toHaveLength(1);
});
