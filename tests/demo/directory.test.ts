import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDirectory } from './directory.ts';

/** Opens a directory in a process that ends, as a demo that was killed. */
const abandoned = (root: string): string => {
  const script = `import { openDirectory } from ${JSON.stringify(
    join(import.meta.dirname, 'directory.ts')
  )}; console.log(openDirectory(${JSON.stringify(root)}));`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  }).stdout.trim();
};

it('takes away what a killed demo left, and nothing else', () => {
  const root = mkdtempSync(join(tmpdir(), 'directory-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'nkvm-demo-of-another-machine-1-x'), '');
  const left = abandoned(root);
  expect(existsSync(left)).toBe(true);

  const first = openDirectory(root);
  const second = openDirectory(root);
  expect(readdirSync(root).sort()).toEqual(
    ['nkvm-demo-of-another-machine-1-x', basename(first), basename(second)].sort()
  );
});
