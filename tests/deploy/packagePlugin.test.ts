import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { packagePlugin } from '../../deploy/plugin/package.ts';

it('packs the plugin into a folder of its name, whatever the checkout is called', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nkvm-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const root = join(folder, 'some-checkout');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"name":"nkvm","version":"0.1.0"}');
  writeFileSync(join(root, 'dist/main.js'), '');
  packagePlugin(root, folder);
  const names = execFileSync('tar', ['-tzf', join(folder, 'nkvm-0.1.0.tar.gz')], {
    encoding: 'utf8',
  });
  expect(names.trim().split('\n').sort()).toEqual(['nkvm/', 'nkvm/main.js', 'nkvm/package.json']);
});
