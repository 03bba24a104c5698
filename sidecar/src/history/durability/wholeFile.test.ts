import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { replaceFile } from './wholeFile.ts';

function newPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-whole-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'file');
}

it('has the new contents on disk before they get the name', async () => {
  const path = newPath();
  const calls: string[] = [];
  await replaceFile(path, Buffer.from('new'), {
    open: async (...call) => {
      const file = await fs.open(...call);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        calls.push(`sync ${readFileSync(String(call[0]), 'utf8')}`);
        await sync();
      };
      return file;
    },
    rename: async (...call) => {
      calls.push('rename');
      await fs.rename(...call);
    },
  });
  expect(calls).toEqual(['sync new', 'rename']);
  expect(readFileSync(path, 'utf8')).toBe('new');
});

it('keeps the old file when the new one does not become durable', async () => {
  const path = newPath();
  writeFileSync(path, 'old');
  // The kernel refuses to sync /dev/null.
  const files = { open: () => fs.open('/dev/null', 'w'), rename: fs.rename };
  await expect(replaceFile(path, Buffer.from('new'), files)).rejects.toThrow(/EINVAL.*fsync/);
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(join(path, '..'))).toEqual(['file']);
});
