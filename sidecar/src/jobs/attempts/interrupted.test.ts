import { expect, it } from 'vitest';
import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import { exampleCheck, exampleRestore } from '../../testing/history/exampleRestore.ts';
import type { JobKind } from '../job.ts';
import { endAfterRestart } from './interrupted.ts';

const { signal } = new AbortController();
const kind = (afterRestart?: JobKind['afterRestart']): JobKind => ({
  access: 'write',
  nodeOf: () => null,
  work: async () => ({}),
  ...(afterRestart && { afterRestart }),
});

it('lets the kind of a run decide how its attempt ended', async () => {
  const end = { status: 'failed', reason: 'RestoreInterrupted' } as const;
  const kinds = { restore: kind(async () => end) };
  expect(await endAfterRestart(exampleRestore(), kinds, signal)).toEqual(end);
});

it.each([
  ['a kind that leaves nothing', { verify: kind() }],
  ['a kind that this version does not know', {}],
])('%s can be tried again', async (_, kinds) => {
  expect(await endAfterRestart(exampleCheck('verify'), kinds, signal)).toMatchObject({
    status: 'failed',
    reason: 'Interrupted',
    failureClass: 'transient',
  });
});

it('asks again when the API server is away', async () => {
  const away = new ApiFailure('no answer', { kind: 'unreachable', class: 'transient' });
  const kinds = { restore: kind(() => Promise.reject(away)) };
  await expect(endAfterRestart(exampleRestore(), kinds, signal)).rejects.toBe(away);
});

it('does not repeat a restore when nobody can tell what it left', async () => {
  const kinds = { restore: kind(() => Promise.reject(new Error('no answer'))) };
  expect(await endAfterRestart(exampleRestore(), kinds, signal)).toMatchObject({
    status: 'failed',
    failureClass: 'needs-action',
    message: expect.stringContaining('no answer'),
  });
});
