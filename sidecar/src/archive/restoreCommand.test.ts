import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { restoreCommand } from './restoreCommand.ts';

it('is what the documentation says', () => {
  expect(restoreCommand('/backups/a__b.tar.gz')).toBe(
    'tar --extract --gzip --preserve-permissions --same-owner --numeric-owner --acls --xattrs ' +
      "--xattrs-include='*' --file=/backups/a__b.tar.gz"
  );
});

it.each([
  'plain.tar.gz',
  "it's; rm -rf $HOME `x`.tar.gz",
  'back\\slash "quoted"',
  'host:tape',
  '-x',
])('restores an archive called %s', name => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-restore-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const [source, target, archive] = ['source', 'a target', name].map(part => join(dir, part));
  if (!source || !target || !archive) throw new Error('three paths were made above');
  mkdirSync(source);
  mkdirSync(target);
  writeFileSync(join(source, 'file'), 'contents');
  const pack = [
    '--create',
    '--gzip',
    '--force-local',
    `--file=${archive}`,
    `--directory=${source}`,
  ];
  execFileSync('tar', [...pack, '.']);
  for (const command of [restoreCommand(archive), restoreCommand(archive, target)]) {
    execFileSync('sh', ['-c', command], { cwd: target });
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('contents');
    rmSync(join(target, 'file'));
  }
});

it('restores an unpacked archive, and an encrypted one with age', ({ skip }) => {
  if (spawnSync('age', ['--version']).status !== 0) skip('age is not installed');
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-restore-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const run = (command: string) => execFileSync('sh', ['-c', command], { cwd: dir, stdio: 'pipe' });
  run('mkdir source && echo contents >source/file && tar -C source -cf a.tar . && gzip -k a.tar');
  run('age-keygen -o key.txt && age -e -i key.txt -o a.tar.gz.age a.tar.gz && rm a.tar.gz');
  for (const archive of ['a.tar', 'a.tar.gz.age']) {
    run(`mkdir target && ${restoreCommand(archive, 'target')}`);
    expect(readFileSync(join(dir, 'target/file'), 'utf8')).toBe('contents\n');
    rmSync(join(dir, 'target'), { recursive: true });
  }
});
