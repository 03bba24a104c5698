import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { byHand } from '../../src/backups/run/byHand.ts';

/** A directory with an archive as a helper makes it, and a `kubectl exec` that runs its command on this machine. */
function machine() {
  const folder = mkdtempSync(join(tmpdir(), 'by-hand-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (...path: string[]) => join(folder, ...path);
  for (const each of ['volume/sub', 'pod', 'bin', 'here']) mkdirSync(at(each), { recursive: true });
  writeFileSync(at('volume/sub/file'), 'data', { mode: 0o640 });
  const archive = at('pod/main__shop__orders-db__20261120T100000Z__01.tar.gz');
  execFileSync('tar', ['-czf', archive, '--format=posix', '-C', at('volume'), '.']);
  writeFileSync(
    at('bin/kubectl'),
    '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\n"$@"\n'
  );
  chmodSync(at('bin/kubectl'), 0o755);
  const env = { ...process.env, PATH: `${at('bin')}:${process.env.PATH}` };
  return {
    at,
    archive,
    paste: (text: string) =>
      execFileSync('sh', ['-c', text], { cwd: at('here'), env, encoding: 'utf8', stdio: 'pipe' }),
  };
}

const sha256Of = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const volume = { namespace: 'shop', name: 'orders-db' };

it('what the page of a backup shows copies and unpacks its archive as it is pasted', () => {
  const { at, archive, paste } = machine();
  const commands = byHand(
    {
      ...volume,
      archive,
      sha256: sha256Of(archive),
      copies: [],
      chain: null,
    },
    'nkvm'
  );
  expect(paste(commands!.copy)).toMatch(/tar\.gz: OK/);
  paste(commands!.extract);
  expect(readFileSync(at('here/orders-db/sub/file'), 'utf8')).toBe('data');
});

it('it says where an archive did not arrive as it was', () => {
  const { archive, paste } = machine();
  const commands = byHand(
    {
      ...volume,
      archive,
      sha256: sha256Of(archive),
      copies: [],
      chain: null,
    },
    'nkvm'
  );
  writeFileSync(archive, 'a part of it');
  expect(() => paste(commands!.copy)).toThrow(/did NOT match|FAILED/);
});

it('an increment is copied and unpacked with all that it needs, as it is pasted', () => {
  const { at, archive, paste } = machine();
  const full = archive.replace('__01.', '__00.');
  const pack = (file: string) =>
    execFileSync('tar', [
      ...['-czf', file, '--format=posix', `--listed-incremental=${at('snapshot')}`],
      ...['-C', at('volume'), '.'],
    ]);
  writeFileSync(at('volume/gone'), 'gone');
  pack(full);
  rmSync(at('volume/gone'));
  writeFileSync(at('volume/new'), 'new');
  pack(archive);
  writeFileSync(`${archive}.json`, '{}');
  const links = [
    { runId: '00', archive: full.split('/').at(-1)!, bytes: 1, sha256: sha256Of(full) },
  ];
  const sha256 = sha256Of(archive);
  const commands = byHand({ ...volume, archive, sha256, copies: [], chain: { links } }, 'nkvm');
  expect(paste(commands!.copy).match(/OK/g)).toHaveLength(2);
  paste(commands!.extract);
  expect(readFileSync(at('here/orders-db/sub/file'), 'utf8')).toBe('data');
  expect(readFileSync(at('here/orders-db/new'), 'utf8')).toBe('new');
  expect(() => readFileSync(at('here/orders-db/gone'))).toThrow();
});
