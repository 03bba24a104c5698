import { expect, it } from 'vitest';
import { exampleCheck, exampleRestore } from '../../testing/history/exampleRestore.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { alreadyEnded, notFound } from './errors.ts';

it.each([
  ['backup', 'BackupNotFound', 'there is no backup x'],
  ['restore', 'RestoreNotFound', 'there is no restore x'],
  ['verify', 'CheckNotFound', 'there is no check x'],
  ['drill', 'CheckNotFound', 'there is no check x'],
] as const)('names a %s that is not there by its kind', (kind, reason, message) => {
  expect(notFound('x', kind)).toMatchObject({ reason, message });
});

it('names a run that has ended by its kind', () => {
  const messages = [exampleRun(), exampleRestore(), exampleCheck('drill')].map(run =>
    alreadyEnded({ ...run, id: 'x' })
  );
  expect(messages.map(({ message }) => message)).toEqual([
    'backup x has already ended: success',
    'restore x has already ended: success',
    'check x has already ended: success',
  ]);
});
