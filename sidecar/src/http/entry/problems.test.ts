import { expect, it } from 'vitest';
import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { FailureClass } from '../../errors.ts';
import { StageError } from '../../errors.ts';
import { problemOf } from './problems.ts';

const failure = (reason: string, failureClass: FailureClass) =>
  new StageError('publish', reason, 'it failed', 'do something', failureClass);

it.each<[string, unknown, number, string]>([
  ['a full disk of the history', failure('HistoryFull', 'needs-action'), 507, 'No space left'],
  [
    'a history that cannot be written',
    failure('HistoryNotWritable', 'needs-action'),
    503,
    'Not available now',
  ],
  ['a history that failed', failure('HistoryFailed', 'unknown'), 503, 'Not available now'],
  [
    'a destination with too little space',
    failure('DestinationNearlyFull', 'needs-action'),
    507,
    'No space left',
  ],
  ['a lost Lease', failure('LeaseLost', 'transient'), 503, 'Not available now'],
  ['any failure that may pass', failure('Anything', 'transient'), 503, 'Not available now'],
  ['any failure that needs a person', failure('Anything', 'needs-action'), 409, 'Not possible now'],
  ['any other failure', failure('Anything', 'unknown'), 500, 'Internal error in NKVM'],
  [
    'an API server that does not answer',
    new ApiFailure('the API server cannot be reached', { kind: 'unreachable', class: 'transient' }),
    503,
    'Not available now',
  ],
  ['a fault in the code', new TypeError('x is not a function'), 500, 'Internal error in NKVM'],
])('%s has its status and title', (_, error, status, title) => {
  expect(problemOf(error, 'e1')).toMatchObject({ status, title });
});

it('says nothing of a fault but where to find it', () => {
  const problem = problemOf(new TypeError('secret is not a function'), 'e1');
  expect(JSON.stringify(problem)).not.toContain('secret');
  expect(problem).toMatchObject({ reason: 'Internal', errorId: 'e1' });
});
