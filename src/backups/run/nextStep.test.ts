import { expect, it } from 'vitest';
import type { Volume } from '../../../sidecar/api';
import { openNamespaceCommand } from '../../../sidecar/api/names.ts';
import {
  aBackup,
  aFailed,
  aRunning,
  aVolume,
  closedNamespace,
  summaryOf,
  unbound,
} from '../../testing/samples';
import { nextStepOf } from './nextStep';

it.each<[string, Partial<Volume>, object]>([
  ['is to back it up', {}, { kind: 'backUp' }],
  [
    'is to back it up again after a success',
    { lastBackup: summaryOf(aBackup()) },
    { kind: 'backUp' },
  ],
  ['is to try again after a failure', { lastBackup: summaryOf(aFailed()) }, { kind: 'backUp' }],
  [
    'is to watch its run',
    { lastBackup: summaryOf(aRunning({ id: '7' })) },
    { kind: 'watch', id: '7' },
  ],
  [
    'is to watch a run that started before the obstacle',
    { lastBackup: summaryOf(aRunning({ id: '7' })), obstacle: closedNamespace, mayBackUp: false },
    { kind: 'watch', id: '7' },
  ],
  [
    'is to open its namespace, by this command',
    { obstacle: closedNamespace },
    { kind: 'blocked', reason: 'NamespaceNotOpen', command: openNamespaceCommand('shop') },
  ],
  [
    'is to solve what is in the way, which has no command',
    { obstacle: unbound },
    { kind: 'blocked', reason: 'ClaimNotBound', hint: unbound.hint, message: unbound.message },
  ],
  [
    'is to get the permission, by this command',
    { mayBackUp: false, obstacle: unbound },
    {
      kind: 'blocked',
      reason: 'Forbidden',
      message: expect.stringContaining('create persistentvolumeclaims/backup of orders-db'),
      command: expect.stringMatching(/^kubectl create rolebinding nkvm-operator -n shop/),
    },
  ],
])('the next step for a volume %s', (_, differs, expected) => {
  expect(nextStepOf(aVolume(differs))).toMatchObject(expected);
});

it('has no command for what no command solves', () => {
  expect(nextStepOf(aVolume({ obstacle: unbound }))).not.toHaveProperty('command');
});
