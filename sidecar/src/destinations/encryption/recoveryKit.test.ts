import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DESTINATION_KINDS } from '../../../api/index.ts';
import { newIdentity, recipientText } from '../../archive/age/keys.ts';
import type { KitFacts } from './recoveryKit.ts';
import { recoveryKit } from './recoveryKit.ts';

const recipients = [recipientText(newIdentity())];
const facts: KitFacts = {
  name: 'offsite',
  kind: 'directory',
  location: '/backups',
  encryption: { recipients, hasPassphrase: false },
  clusterName: 'main',
};
const hasAge = spawnSync('age', ['--version']).status === 0;

it.each<[Partial<KitFacts>, string[]]>([
  [{}, ['/backups', recipients[0]!, 'AGE-SECRET-KEY-1 ____', 'age --decrypt --identity=key.txt']],
  [{ encryption: { recipients: [], hasPassphrase: true } }, ['passphrase: ___', 'age --decrypt A']],
  [{ encryption: null }, ['archives are not encrypted', '--gzip --file=ARCHIVE.tar.gz']],
  [{ kind: 'restic', encryption: null }, ['password: ____', 'restic -r REPOSITORY dump SNAPSHOT']],
  [
    { kind: 'sftp', location: 'sftp://me@host:2022/a/b' },
    ['sftp -P 2022 me@host', 'scp -P 2022 me@host:/a/b/ARCHIVE .'],
  ],
  [{ kind: 's3', location: 's3://bucket' }, ['aws s3 cp s3://bucket/ARCHIVE .\n']],
  [{ kind: 'ftps', location: 'ftps://u@h:21/d' }, ['lftp ftps://u@h:21/d']],
  [{ kind: 'rsync', location: 'rsync://h/m/d' }, ['rsync rsync://h/m/d/ARCHIVE .']],
])('says what a person needs: %j', (differs, texts) => {
  const kit = recoveryKit({ ...facts, ...differs });
  for (const text of texts) expect(kit).toContain(text);
});

it.each(DESTINATION_KINDS)('fits on paper, for the kind %s', kind => {
  const lines = recoveryKit({ ...facts, kind, location: 's3://b/p' }).split('\n');
  expect(lines.filter(line => line.length > 100)).toEqual([]);
});

describe.skipIf(!hasAge || process.getuid?.() !== 0)('its commands (as root, with age)', () => {
  it.each<[string, Partial<KitFacts>]>([
    ['encrypted', {}],
    ['plain', { encryption: null }],
  ])('restore an archive that is %s', (_, differs) => {
    const dir = mkdtempSync(join(tmpdir(), 'kit-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    for (const each of ['place', 'source', 'target']) mkdirSync(join(dir, each));
    const sh = (command: string, at = '.') =>
      execFileSync('sh', ['-euc', command], { cwd: join(dir, at), stdio: 'pipe' });
    sh('echo contents >source/file; tar -C source -czf place/ARCHIVE.tar.gz .');
    sh(
      'age-keygen -o target/key.txt; cd place; age -e -i ../target/key.txt -o ARCHIVE.tar.gz.age ARCHIVE.tar.gz'
    );
    const kit = recoveryKit({ ...facts, ...differs, location: join(dir, 'place') });
    const [, fetch = '', unpack = ''] =
      /3\. FETCH.*?\n\n(.*?)\n\n4\..*?\n\n(.*?)\n\n/s.exec(kit) ?? [];
    sh(
      fetch.replaceAll(
        'ARCHIVE',
        differs.encryption === null ? 'ARCHIVE.tar.gz' : 'ARCHIVE.tar.gz.age'
      ),
      'target'
    );
    sh(unpack, 'target');
    expect(readFileSync(join(dir, 'target/file'), 'utf8')).toBe('contents\n');
  });
});
