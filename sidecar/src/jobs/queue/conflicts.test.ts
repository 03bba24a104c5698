import { expect, it } from 'vitest';
import type { OnVolume } from './conflicts.ts';
import { isConflict, isSameClaim } from './conflicts.ts';

const claim = { namespace: 'shop', name: 'db', uid: 'a' };
const backup: OnVolume = { claim, access: 'read', kind: 'backup' };
const verify: OnVolume = { claim, access: 'none', kind: 'verify' };
const restore: OnVolume = { claim, access: 'write', kind: 'restore' };
const elsewhere = { claim: { ...claim, uid: 'b' } };
/** Its claim was not there when it was asked for. */
const intoNew: OnVolume = { ...restore, claim: { ...claim, uid: '' } };

it.each<[string, OnVolume, OnVolume, boolean]>([
  ['two backups of one claim', backup, backup, true],
  ['two backups of different claims', backup, { ...backup, ...elsewhere }, false],
  ['a backup and a verification of its archives', backup, verify, false],
  ['two verifications of one claim', verify, verify, true],
  ['a verification and a restore of one claim', verify, restore, false],
  ['a backup and a restore of one claim', backup, restore, true],
  ['two restores of one claim', restore, restore, true],
  ['a backup and a restore of different claims', backup, { ...restore, ...elsewhere }, false],
  ['a backup of a claim, and the restore that has made the claim', backup, intoNew, true],
  ['two restores that make the same claim', intoNew, intoNew, true],
])('%s', (_, one, other, expected) => {
  expect(isConflict(one, other)).toBe(expected);
  expect(isConflict(other, one)).toBe(expected);
});

it('tells claims without a UID by their names', () => {
  const fresh = { ...claim, uid: '' };
  expect(isSameClaim(fresh, { ...fresh, name: 'files' })).toBe(false);
  expect(isSameClaim(fresh, { ...fresh, namespace: 'other' })).toBe(false);
  expect(isSameClaim(fresh, claim)).toBe(true);
});
