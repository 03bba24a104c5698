import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';
import { READ_BYTES, readStorage } from './readStorage.ts';

const MiB = 1024 * 1024;
const asItIs = (error: unknown) => error as Error;

function newDir(parent = tmpdir()): string {
  const dir = mkdtempSync(join(parent, 'nkvm-read-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A durable file whose pages are still in the page cache. */
async function fileOf(bytes: number, dir = newDir()): Promise<string> {
  const path = join(dir, 'archive');
  const file = await open(path, 'wx');
  await file.writeFile(Buffer.alloc(bytes, 'archive '));
  await file.sync();
  await file.close();
  return path;
}

/** What this process and its finished children had the kernel fetch from storage. */
const fetched = (): number =>
  Number(/^read_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

const typeOf = (dir: string) =>
  execFileSync('stat', ['--file-system', '--format=%T', dir], { encoding: 'utf8' }).trim();

const readsStorage = ['ext2/ext3', 'xfs', 'btrfs'].includes(typeOf(tmpdir()));
it.skipIf(!readsStorage)(
  'reads storage although the file is in the page cache (needs ext4, xfs or btrfs)',
  async () => {
    const path = await fileOf(20 * MiB + 5);
    const before = fetched();
    const { body, readFrom } = await readStorage(path, asItIs);
    expect((await buffer(body)).equals(readFileSync(path))).toBe(true);
    expect(readFrom()).toBe('storage');
    expect(fetched() - before).toBeGreaterThanOrEqual(20 * MiB);
  }
);

const hasTmpfs = (() => {
  try {
    return typeOf('/dev/shm') === 'tmpfs';
  } catch {
    return false;
  }
})();
it.skipIf(!hasTmpfs)('says so when the bytes came from memory (needs /dev/shm)', async () => {
  const { body, readFrom } = await readStorage(await fileOf(3 * MiB, newDir('/dev/shm')), asItIs);
  expect(await buffer(body)).toHaveLength(3 * MiB);
  expect(readFrom()).toBe('cache');
});

it('gives small pieces', async () => {
  const { body } = await readStorage(await fileOf(5 * MiB), asItIs);
  let biggest = 0;
  for await (const piece of body) biggest = Math.max(biggest, (piece as Buffer).length);
  expect(biggest).toBeLessThanOrEqual(READ_BYTES);
});

/** Puts programs of a test's own before or in place of those of the system. */
function withPrograms(programs: Record<string, string>, isAll = false): void {
  const bin = newDir();
  for (const [name, script] of Object.entries(programs))
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  if (isAll) symlinkSync('/bin/sh', join(bin, 'sh'));
  vi.stubEnv('PATH', isAll ? bin : `${bin}:${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

it.each<[string, Record<string, string>]>([
  ['there is no dd', {}],
  ['dd does not know the flag', { dd: 'echo "dd: invalid flag" >&2; exit 1' }],
])('reads as usual, and says so, when %s', async (_, programs) => {
  const path = await fileOf(100_000);
  withPrograms(programs, true);
  const { body, readFrom } = await readStorage(path, asItIs);
  expect(await buffer(body)).toHaveLength(100_000);
  expect(readFrom()).toBe('cache');
});

it('fails when the storage fails before the first byte, and takes nothing from memory instead', async () => {
  const path = await fileOf(100_000);
  withPrograms({
    dd: 'case $1 in if=/dev/null) exit;; esac; echo "dd: error reading: Input/output error" >&2; exit 1',
  });
  await expect(readStorage(path, asItIs)).rejects.toMatchObject({ code: 'EIO' });
});

it('fails when the storage fails in the middle, although the pipe ended like that of a whole file', async () => {
  withPrograms({
    dd: 'case $1 in if=/dev/null) exit;; esac; printf half; echo "dd: error reading: Input/output error" >&2; exit 1',
  });
  const wrap = vi.fn(asItIs);
  const { body } = await readStorage('/whatever', wrap);
  await expect(buffer(body)).rejects.toMatchObject({ code: 'EIO' });
  expect(wrap).toHaveBeenCalledWith(expect.objectContaining({ code: 'EIO' }));
});

it('makes an error of the caller’s kind when the file is not there', async () => {
  const reading = readStorage(join(newDir(), 'gone'), () => new Error('of the caller’s kind'));
  await expect(reading).rejects.toThrow('of the caller’s kind');
});

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** A dd that never returns, as when its storage hangs, and says who it is. */
function hangingDd(): () => number {
  const pidFile = join(newDir(), 'pid');
  withPrograms({
    dd: `case $1 in if=/dev/null) exit;; esac; echo $$ >${pidFile}; printf "$FIRST"; exec sleep 600`,
  });
  return () => Number(readFileSync(pidFile, 'utf8'));
}

it('ends the reading process when the caller stops before the first byte', async () => {
  const pid = hangingDd();
  const stop = new AbortController();
  const reading = readStorage('/whatever', asItIs, stop.signal);
  await vi.waitUntil(() => {
    try {
      return pid() > 0;
    } catch {
      return false;
    }
  });
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  await vi.waitUntil(() => !isAlive(pid()));
});

it('ends the reading process when the body is let go', async () => {
  vi.stubEnv('FIRST', 'some bytes');
  onTestFinished(() => void vi.unstubAllEnvs());
  const pid = hangingDd();
  const { body } = await readStorage('/whatever', asItIs);
  body.destroy();
  await vi.waitUntil(() => !isAlive(pid()));
});

it('leaves no process behind when it is through', async () => {
  const { body } = await readStorage(await fileOf(10), asItIs);
  await buffer(body);
  const list = spawn('ps', ['--ppid', String(process.pid), '-o', 'args=']);
  const [output] = (await Promise.all([buffer(list.stdout), once(list, 'close')])) as [
    Buffer,
    unknown
  ];
  expect(output.toString()).not.toContain('iflag=direct');
});
