import { expect, it } from 'vitest';
import { aBackup } from '../testing/samples';
import { byHand } from './byHand';

it.each([null, '/backups/my archive.tar.gz', '/backups/$(reboot).tar.gz', '/backups/'])(
  'has no command for %s',
  archive => expect(byHand(aBackup({ archive }))).toBeUndefined()
);

it('copies and checks, where the checksum is known', () => {
  const { copy } = byHand(aBackup({ archive: '/backups/a.tar.gz', sha256: null })) ?? {};
  expect(copy).toBe('kubectl exec -n nkvm deploy/nkvm -- cat /backups/a.tar.gz >a.tar.gz');
});

it('restores into the claim from which the backup is', () => {
  const { intoClaim } = byHand(aBackup({ archive: '/backups/a.tar.gz' })) ?? {};
  expect(intoClaim).toBe('sh deploy/restore.sh a.tar.gz shop/orders-db');
});
