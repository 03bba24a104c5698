import { describe, expect, it } from 'vitest';
import { faultsOf, faultsOfHint, faultsOfMessage } from './plainEnglish.ts';

describe('faultsOf', () => {
  it.each([
    ['What cannot be deleted is logged.', 'What'],
    ['It stays. Whoever waits is next.', 'Whoever'],
    ['Last words of the helper', 'Last words'],
    ['the pod was told to end', 'told to end'],
    ['the attempt was given up', 'was given up'],
    ['that file is no archive', 'is no archive'],
    ['when nobody could say', 'nobody could say'],
  ])('finds fault with “%s”', (text, part) =>
    expect(faultsOf(text)).toEqual([expect.stringContaining(part)])
  );

  it.each([
    'What to do next?',
    'There is no archive.',
    'Anything that cannot be deleted is logged.',
  ])('accepts “%s”', text => expect(faultsOf(text)).toEqual([]));
});

describe('faultsOfMessage', () => {
  it.each([
    'the pod … was deleted.',
    'The pod … was deleted',
    'failed to read archive …',
    'we cannot read archive …',
    'somebody deleted the pod',
    'what was written is incomplete',
    `archive … ${'is long '.repeat(40)}`,
  ])('finds fault with “%s”', text => expect(faultsOfMessage(text)).toHaveLength(1));

  it.each(['claim …/… is not bound to a volume yet', 'Secret … is not valid', 'NKVM is stopping'])(
    'accepts “%s”',
    text => expect(faultsOfMessage(text)).toEqual([])
  );
});

describe('faultsOfHint', () => {
  it.each(['', 'the storage is broken', 'see the log.', 'nothing, it comes back'])(
    'finds fault with “%s”',
    text => expect(faultsOfHint(text)).toHaveLength(1)
  );

  it.each([
    'check the storage, then start the backup again',
    'nothing to do: NKVM tries again',
    'if it happens again, check the network',
  ])('accepts “%s”', text => expect(faultsOfHint(text)).toEqual([]));
});
