import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { alongReader } from './readAlong.ts';

const MiB = 1024 * 1024;
const LIMIT = { timeout: 20_000, interval: 20 };

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-along-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A file that a test writes piece by piece, and a program `dd` that notes how it was called. */
async function followed(ddFails = false) {
  const dir = newDir();
  const path = join(dir, 'archive');
  const list = join(dir, 'calls');
  writeFileSync(list, '');
  const calls = () => readFileSync(list, 'utf8').split('\n').filter(Boolean);
  const script = `#!/bin/sh\necho "$@" >>${list}\n${ddFails ? 'exit 1' : 'exec /bin/dd "$@"'}\n`;
  writeFileSync(join(dir, 'dd'), script);
  chmodSync(join(dir, 'dd'), 0o755);
  vi.stubEnv('PATH', `${dir}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const file = await open(path, 'wx');
  onTestFinished(() => file.close().catch(() => undefined));
  const reader = alongReader(path, 2 * MiB);
  onTestFinished(() => reader.stop());
  let bytes = 0;
  reader.follow(() => bytes);
  return {
    path,
    reader,
    calls,
    reads: () => calls().filter(call => call.includes('skip=')),
    async write(piece: Buffer) {
      await file.appendFile(piece);
      bytes += piece.length;
    },
  };
}

it('reads each part while the file is written, and the rest at the end', async () => {
  const { path, reader, reads, write } = await followed();
  await write(randomBytes(2 * MiB + 7));
  await expect.poll(reads, LIMIT).toEqual([expect.stringContaining('skip=0 count=2')]);
  await write(randomBytes(3 * MiB));
  await expect.poll(reads, LIMIT).toHaveLength(2);
  await write(randomBytes(MiB + 5));
  const seen = await reader.end();
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  expect(seen?.digest).toEqual({ bytes: 6 * MiB + 12, sha256 });
  expect(reads()).toHaveLength(3);
});

it('tells the digest of the bytes that are stored, and not of those that were written', async () => {
  const { path, reader, reads, write } = await followed();
  const piece = randomBytes(2 * MiB + 9);
  await write(piece);
  await expect.poll(reads, LIMIT).toEqual([expect.stringContaining('skip=0 count=2')]);
  const file = await open(path, 'r+');
  await file.write('another', 2 * MiB + 1); // in the part that has not been read yet
  await file.close();
  const seen = await reader.end();
  const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  expect(seen?.digest).toEqual({ bytes: piece.length, sha256: sha256Of(readFileSync(path)) });
  expect(seen?.digest.sha256).not.toBe(sha256Of(piece));
});

it('knows nothing of a file that is smaller than a round', async () => {
  const { reader, write } = await followed();
  await write(randomBytes(MiB));
  expect(await reader.end()).toBeUndefined();
});

it('knows nothing where the file cannot be read past the page cache', async () => {
  const { reader, calls, write } = await followed(true);
  await write(randomBytes(3 * MiB));
  await expect.poll(calls, LIMIT).toHaveLength(1);
  expect(await reader.end()).toBeUndefined();
});

it('ends its programs when it is stopped', async () => {
  const { reader, reads, write } = await followed();
  await write(randomBytes(3 * MiB));
  await expect.poll(reads, LIMIT).toHaveLength(1);
  reader.stop();
  expect(await reader.end()).toBeUndefined();
});
