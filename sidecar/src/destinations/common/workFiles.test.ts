import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { assertRoom, linesOf, linesOfWhole, newWorkDirectory, workError } from './workFiles.ts';

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-work-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

it('makes directories that only this process may read', async () => {
  const dir = await newWorkDirectory(join(newDir(), 'not', 'yet'), 'copy');
  expect(statSync(dir).mode & 0o777).toBe(0o700);
});

it('says that a work directory cannot be used', async () => {
  const file = join(newDir(), 'file');
  writeFileSync(file, '');
  await expect(newWorkDirectory(file, 'copy')).rejects.toMatchObject({
    reason: 'WorkDirectoryFailed',
  });
});

it('says that a work directory is full, before and after it is', async () => {
  const dir = newDir();
  await assertRoom(dir, 1, 'copy');
  await expect(assertRoom(dir, 1e18, 'copy')).rejects.toMatchObject({
    reason: 'WorkDirectoryFull',
    message: expect.stringContaining('888 PiB'),
  });
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  expect(workError(full, 'copy', dir)).toMatchObject({ reason: 'WorkDirectoryFull' });
});

it('reads lines across the borders of chunks, also within a character', async () => {
  const bytes = Buffer.from('größe\r\n\r\nzweite\nohne Ende');
  const chunks = Array.from(bytes, byte => Buffer.from([byte]));
  expect(await Readable.from(linesOf(Readable.from(chunks))).toArray()).toEqual([
    'größe',
    'zweite',
    'ohne Ende',
  ]);
});

it('gives no line of a listing that breaks off, and leaves no file', async () => {
  const dir = newDir();
  const body = Readable.from(
    (function* () {
      yield Buffer.from('first\nsecond\n');
      throw new Error('the server has gone');
    })()
  );
  const seen: string[] = [];
  const reading = (async () => {
    for await (const line of linesOfWhole(body, dir)) seen.push(line);
  })();
  await expect(reading).rejects.toThrow('the server has gone');
  expect(seen).toEqual([]);
  expect(readdirSync(dir)).toEqual([]);
});

it('leaves no file when its reader stops', async () => {
  const dir = newDir();
  const lines = linesOfWhole(Readable.from([Buffer.from('a\nb\n')]), dir);
  expect(await lines.next()).toEqual({ value: 'a', done: false });
  await lines.return(undefined);
  expect(existsSync(dir) && readdirSync(dir)).toEqual([]);
});
