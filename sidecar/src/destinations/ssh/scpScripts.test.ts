import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { EXIT, PUBLISH } from './scpScripts.ts';

/** A directory of a server whose `ln` always fails, as on a file system without hard links. */
function withoutLinks() {
  const home = mkdtempSync(join(tmpdir(), 'nkvm-scp-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const [bin, dir] = [join(home, 'bin'), join(home, 'dir')];
  for (const made of [bin, dir]) mkdirSync(made);
  writeFileSync(join(bin, 'ln'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  writeFileSync(join(dir, 'temporary'), 'archive');
  const publish = (): number => {
    try {
      execFileSync('sh', ['-c', PUBLISH, 'sh', dir, 'temporary', 'a.tar.gz', 'lock'], {
        env: { PATH: `${bin}:${process.env.PATH}` },
        stdio: 'ignore',
      });
      return 0;
    } catch (error) {
      return (error as { status: number }).status;
    }
  };
  return { dir, lock: join(dir, 'lock'), publish };
}

it('an archive is published without hard links', () => {
  const { dir, publish } = withoutLinks();
  expect(publish()).toBe(0);
  expect(readdirSync(dir)).toEqual(['a.tar.gz']);
});

it('a lock that a killed process left is deleted only when it is old', () => {
  const { dir, lock, publish } = withoutLinks();
  writeFileSync(lock, '');
  expect(publish()).toBe(EXIT.locked);
  const before = new Date(Date.now() - 60 * 60_000);
  utimesSync(lock, before, before);
  expect(publish()).toBe(0);
  expect(readdirSync(dir)).toEqual(['a.tar.gz']);
});
