import { describe, expect, it } from 'vitest';
import type { LeftFacts } from './targetState.ts';
import { targetState } from './targetState.ts';

const isNew: LeftFacts = {
  namespace: 'shop',
  name: 'orders-db',
  mode: 'new',
  hasWritten: true,
  isScaled: false,
  made: 'deleted',
  safetyBackupId: null,
};
const existing: LeftFacts = { ...isNew, mode: 'overwrite', made: 'none' };

describe('what a restore that did not succeed has left', () => {
  it.each<[string, LeftFacts, string, RegExp | undefined, boolean]>([
    ['no claim', { ...isNew, made: 'none' }, '', undefined, true],
    ['no claim any more', isNew, 'the new claim shop/orders-db was deleted', undefined, true],
    [
      'a claim that is on its way out',
      { ...isNew, made: 'terminating' },
      'the new claim shop/orders-db is incomplete and being deleted, but a pod still uses it',
      /kubectl describe pvc orders-db -n shop/,
      true,
    ],
    [
      'a claim that could not be deleted',
      { ...isNew, made: 'left', why: 'forbidden' },
      'the new claim shop/orders-db is incomplete and could not be deleted: forbidden',
      /kubectl delete pvc orders-db -n shop/,
      true,
    ],
    [
      'a claim as it was',
      { ...existing, hasWritten: false },
      'nothing was written to claim shop/orders-db',
      undefined,
      true,
    ],
    [
      'a claim with a part of the archive',
      existing,
      'claim shop/orders-db holds a part of the archive',
      /there is no safety backup/,
      false,
    ],
    [
      'the same, with a safety backup',
      { ...existing, safetyBackupId: '01s' },
      'claim shop/orders-db holds a part of the archive',
      /restores safety backup 01s/,
      false,
    ],
    [
      'the same, whose workloads it has stopped',
      { ...existing, isScaled: true, safetyBackupId: '01s' },
      'claim shop/orders-db holds a part of the archive; its workloads stay stopped',
      /restores safety backup 01s, or restore again; then its workloads are started again\. To start them on the present data, use kubectl scale/,
      false,
    ],
    [
      'a claim that was mirrored into',
      { ...existing, mode: 'mirror' },
      'claim shop/orders-db holds a part of the archive, and files that the archive lacks may be deleted',
      /restore again/,
      false,
    ],
  ])('%s', (_, facts, message, hint, isAsBefore) => {
    expect(targetState(facts)).toEqual({
      message,
      hint: hint ? expect.stringMatching(hint) : undefined,
      isAsBefore,
    });
  });
});
