import { describe, expect, it } from 'vitest';
import { ApiFailure } from '../cluster/gateway/apiFailure.ts';
import { StageError } from '../errors.ts';
import type { Helper } from '../helper/helper.ts';
import { explain } from './breakOff.ts';

const evicted = new StageError(
  'copy',
  'HelperEvicted',
  'it was evicted',
  'free memory',
  'transient'
);
const helperThat = (why: StageError | undefined) =>
  ({ whyGone: async () => why } as unknown as Helper);

describe('what broke a run', () => {
  it.each<[string, unknown, StageError | undefined, string]>([
    ['an unforeseen error', new TypeError('x is not a function'), undefined, 'Unexpected'],
    ['an unforeseen error, where the helper is gone', new Error('reset'), evicted, 'HelperEvicted'],
    [
      'a broken stream, where the helper is gone',
      new StageError('copy', 'StreamBroke', 'it broke', 'again', 'transient'),
      evicted,
      'HelperEvicted',
    ],
    [
      'a full disk, whatever became of the helper',
      new StageError('copy', 'DestinationFull', 'it is full', 'make room', 'needs-action'),
      evicted,
      'DestinationFull',
    ],
    [
      'a right that is missing',
      new ApiFailure('pods is forbidden', { kind: 'refused', class: 'needs-action', status: 403 }),
      undefined,
      'ApiRefused',
    ],
    [
      'an API server that is away',
      new ApiFailure('no answer', { kind: 'unreachable', class: 'transient' }),
      undefined,
      'ApiUnreachable',
    ],
  ])('is told of %s', async (_, error, why, reason) => {
    expect(await explain(error, 'copy', helperThat(why))).toMatchObject({ stage: 'copy', reason });
  });
});
