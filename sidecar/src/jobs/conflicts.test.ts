import { expect, it } from 'vitest';
import type { OnVolume } from './conflicts.ts';
import { isConflict } from './conflicts.ts';

const backup: OnVolume = { claimUid: 'a', access: 'read', kind: 'backup' };
const verify: OnVolume = { claimUid: 'a', access: 'read', kind: 'verify' };
const restore: OnVolume = { claimUid: 'a', access: 'write', kind: 'restore' };
const elsewhere = { claimUid: 'b' };

it.each<[string, OnVolume, OnVolume, boolean]>([
  ['two backups of one claim', backup, backup, true],
  ['two backups of different claims', backup, { ...backup, ...elsewhere }, false],
  ['two kinds that read one claim', backup, verify, false],
  ['a backup and a restore of one claim', backup, restore, true],
  ['two restores of one claim', restore, restore, true],
  ['a backup and a restore of different claims', backup, { ...restore, ...elsewhere }, false],
])('%s', (_, one, other, expected) => {
  expect(isConflict(one, other)).toBe(expected);
  expect(isConflict(other, one)).toBe(expected);
});
