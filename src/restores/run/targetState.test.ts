import { expect, it } from 'vitest';
import { aRestore } from '../../testing/restoreSamples';
import { targetStateOf } from './targetState';

type Steps = ReturnType<typeof aRestore>['steps'];
const steps = (...states: [Steps[number]['step'], Steps[number]['state']][]): Steps =>
  states.map(([step, state]) => ({ step, state, message: '' }));
const into = (mode: 'new' | 'empty' | 'mirror', uid: string | null = 'uid') => ({
  target: { namespace: 'shop', name: 'orders-db', uid, mode },
});

it.each<[string, ReturnType<typeof into>, Steps, string]>([
  ['nothing has begun', into('empty'), [], 'untouched'],
  [
    'the archive was wrong',
    into('mirror'),
    steps(['check-archive', 'failed'], ['write', 'waiting']),
    'untouched',
  ],
  ['writing failed', into('mirror'), steps(['write', 'failed']), 'mixed'],
  ['it was cancelled while writing', into('empty'), steps(['write', 'running']), 'mixed'],
  [
    'the comparison failed',
    into('empty'),
    steps(['write', 'done'], ['compare', 'failed']),
    'mixed',
  ],
  ['no claim was created', into('new', null), steps(['create-claim', 'failed']), 'not-created'],
  [
    'the claim was deleted',
    into('new'),
    steps(['create-claim', 'undone'], ['write', 'failed']),
    'deleted',
  ],
  [
    'the claim is still there',
    into('new'),
    steps(['create-claim', 'done'], ['write', 'failed']),
    'incomplete',
  ],
  ['the claim was created before a crash', into('new'), [], 'incomplete'],
])('where %s', (_, target, seen, expected) => {
  expect(targetStateOf({ ...target, steps: seen })).toBe(expected);
});
