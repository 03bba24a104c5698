import { expect, it } from 'vitest';
import { aBackup } from '../../testing/samples';
import { byHand } from './byHand';

const commandsFor = (backup: Parameters<typeof byHand>[0]) => byHand(backup, 'nkvm');

it.each([null, '/backups/my archive.tar.gz', '/backups/$(reboot).tar.gz', '/backups/'])(
  'has no command for %s',
  archive => expect(commandsFor(aBackup({ archive }))).toBeUndefined()
);

it('copies and checks, where the checksum is known', () => {
  const { copy } = commandsFor(aBackup({ archive: '/backups/a.tar.gz', sha256: null })) ?? {};
  expect(copy).toBe('kubectl exec -n nkvm deploy/nkvm -- cat /backups/a.tar.gz >a.tar.gz');
});

it('names the namespace of NKVM', () => {
  const { copy } = byHand(aBackup({ archive: '/backups/a.tar.gz' }), 'backup') ?? {};
  expect(copy).toContain('kubectl exec -n backup deploy/nkvm -- ');
});

it('restores into the claim from which the backup is', () => {
  const { intoClaim } = commandsFor(aBackup({ archive: '/backups/a.tar.gz' })) ?? {};
  expect(intoClaim).toBe('sh deploy/restore.sh a.tar.gz shop/orders-db');
});

it('decrypts an encrypted archive, and checks the file as it is stored', () => {
  const [copy] = aBackup({}).copies;
  if (!copy) throw new Error('the sample has no copy');
  const stored = { bytes: 300, sha256: 'cd'.repeat(32) };
  const {
    copy: copying,
    extract,
    intoClaim,
  } = commandsFor(
    aBackup({
      archive: '/second/a.tar.gz.age',
      copies: [{ ...copy, key: 'a.tar.gz.age', encrypted: true, stored }],
    })
  ) ?? {};
  expect(copying).toContain(`echo '${stored.sha256}  a.tar.gz.age' | sha256sum --check`);
  expect(extract).toContain(
    'age --decrypt --identity=key.txt a.tar.gz.age | tar --extract --gzip '
  );
  expect(extract).toMatch(/ --file=-$/);
  expect(intoClaim).toBe('sh deploy/restore.sh --identity key.txt a.tar.gz.age shop/orders-db');
});

it('copies and unpacks all archives that an increment needs, in their order', () => {
  const link = { runId: '01full', archive: 'full.tar.gz', bytes: 1, sha256: 'ab'.repeat(32) };
  const { copy, extract, intoClaim } =
    commandsFor(
      aBackup({ archive: '/backups/a.tar.gz', sha256: 'cd', chain: { links: [link] } })
    ) ?? {};
  expect(copy?.match(/cat \S+|echo \S+/g)).toEqual([
    'cat /backups/full.tar.gz',
    `echo '${link.sha256}`,
    'cat /backups/a.tar.gz',
    "echo 'cd",
    'cat /backups/a.tar.gz.json',
  ]);
  expect(extract).toContain(' --listed-incremental=/dev/null ');
  expect(extract).toMatch(/ - \\\n {2}full.tar.gz \\\n {2}a.tar.gz$/);
  expect(intoClaim).toBe('sh deploy/restore.sh a.tar.gz shop/orders-db');
});
