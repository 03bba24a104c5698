import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { restoreCommand } from './restoreCommand.ts';

it('is what the documentation says', () => {
  expect(restoreCommand('/backups/a__b.tar.gz')).toBe(
    'tar --extract --gzip --preserve-permissions --delay-directory-restore --same-owner --numeric-owner --acls --xattrs ' +
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
  for (const command of [restoreCommand(archive), restoreCommand(archive, { directory: target })]) {
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
    run(`mkdir target && ${restoreCommand(archive, { directory: 'target' })}`);
    expect(readFileSync(join(dir, 'target/file'), 'utf8')).toBe('contents\n');
    rmSync(join(dir, 'target'), { recursive: true });
  }
});

describe('the command for an increment', () => {
  const FULL = 'kind__shop__orders-db__20261120T101112Z__01full.tar.gz';
  const NEXT = 'kind__shop__orders-db__20261120T111112Z__01next.tar.gz';

  function chain() {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-restore-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const run = (command: string) =>
      execFileSync('sh', ['-c', command], { cwd: dir, stdio: 'pipe', encoding: 'utf8' });
    const pack = (file: string) =>
      run(`tar --create --gzip --format=posix --listed-incremental=s -f "${file}" -C source .`);
    run('mkdir source "a folder"; echo kept >source/kept; echo gone >source/gone');
    pack(`a folder/${FULL}`);
    run('rm source/gone; echo new >source/new');
    pack(`a folder/${NEXT}`);
    run('mkdir target');
    return { run, names: () => run('ls target').trim().split('\n') };
  }

  it('restores all archives in their order', () => {
    const { run, names } = chain();
    const command = restoreCommand(`a folder/${NEXT}`, { directory: 'target', links: [FULL] });
    run(command);
    expect(names()).toEqual(['kept', 'new']);
    expect(command).toContain(' --listed-incremental=/dev/null ');
  });

  it('ends at the first archive that is not there', () => {
    const { run, names } = chain();
    run(`rm "a folder/${FULL}"`);
    const command = restoreCommand(`a folder/${NEXT}`, { directory: 'target', links: [FULL] });
    expect(() => run(command)).toThrow('Cannot open');
    expect(names()).toEqual(['']);
  });

  it('decrypts each archive', ({ skip }) => {
    if (spawnSync('age', ['--version']).status !== 0) skip('age is not installed');
    const { run, names } = chain();
    run('age-keygen -o key.txt');
    for (const name of [FULL, NEXT])
      run(`cd "a folder" && age -e -i ../key.txt -o ${name}.age ${name} && rm ${name}`);
    run(restoreCommand(`a folder/${NEXT}.age`, { directory: 'target', links: [FULL] }));
    expect(names()).toEqual(['kept', 'new']);
  });
});
