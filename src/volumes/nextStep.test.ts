import { expect, it } from 'vitest';
import type { Volume } from '../../sidecar/api';
import { openNamespaceCommand } from '../../sidecar/api/names.ts';
import { aBackup, aFailed, aRunning, aVolume, summaryOf } from '../testing/samples';
import { type NextStep, nextStepOf } from './nextStep';

const command = openNamespaceCommand('shop');
const closed = {
  reason: 'NamespaceClosed',
  message: 'namespace shop is not open for backups',
  hint: `an administrator opens it: ${command}`,
};
const unbound = {
  reason: 'ClaimNotBound',
  message: 'claim shop/orders-db is not bound',
  hint: 'start a pod that uses it',
};

it.each<[string, Partial<Volume>, NextStep]>([
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
    { lastBackup: summaryOf(aRunning({ id: '7' })), obstacle: closed },
    { kind: 'watch', id: '7' },
  ],
  [
    'is to open its namespace, by this command',
    { obstacle: closed },
    { kind: 'openNamespace', command, why: closed.message },
  ],
  [
    'is to solve what stands in the way',
    { obstacle: unbound },
    { kind: 'solve', hint: unbound.hint, why: unbound.message },
  ],
])('the next step for a volume %s', (_, differs, expected) => {
  expect(nextStepOf(aVolume(differs))).toEqual(expected);
});
