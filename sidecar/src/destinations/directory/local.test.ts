import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeDestination } from '../../testing/destinations/destinationSuite.ts';
import { lockName } from '../common/temporary.ts';
import { keysOf } from '../destination.ts';
import type { LocalOptions } from './local.ts';
import { localDestination } from './local.ts';
import type { LocalFiles } from './localWrite.ts';

const MiB = 1024 * 1024;

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-destination-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const noHardLinks: LocalFiles = {
  open: fs.open,
  link: async () => {
    throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' });
  },
};

const INSTALLATION = '0123456789abcdef';
const local = (dir: string, options: Partial<LocalOptions> = {}) =>
  localDestination(dir, { installation: INSTALLATION, ...options });

describeDestination('local', async () => {
  const dir = newDir();
  return {
    destination: local(dir),
    restarted: () => local(dir),
    ofAnother: () => local(dir, { installation: 'fedcba9876543210' }),
  };
});

describeDestination('local, on a file system without hard links', async () => {
  const dir = newDir();
  return {
    destination: local(dir, { files: noHardLinks }),
    restarted: () => local(dir, { files: noHardLinks }),
    ofAnother: () => local(dir, { files: noHardLinks, installation: 'fedcba9876543210' }),
  };
});

const bodyOf = (contents: string) => Readable.from([Buffer.from(contents)]);

it('leaves a plain file that only the service may read', async () => {
  const dir = newDir();
  await (await local(dir).stage('a.tar.gz', bodyOf('archive'))).publish();
  expect(readdirSync(dir)).toEqual(['a.tar.gz']);
  const { mode, nlink, size } = statSync(join(dir, 'a.tar.gz'));
  expect({ mode: mode & 0o777, nlink, size }).toEqual({ mode: 0o600, nlink: 1, size: 7 });
});

it('says the path under which people find an archive', () => {
  expect(local('/var/lib/nkvm/backups').locate('a.tar.gz')).toBe('/var/lib/nkvm/backups/a.tar.gz');
});

it('hides what is under way from `ls *.tar.gz`', async () => {
  const dir = newDir();
  const staged = await local(dir).stage('a.tar.gz', bodyOf('archive'));
  expect(readdirSync(dir)).toEqual([expect.stringMatching(/^\.tmp-/)]);
  await staged.discard();
  expect(readdirSync(dir)).toEqual([]);
});

it('never runs more than a few MiB ahead of the disk', async () => {
  const dir = newDir();
  let mostAhead = 0;
  function* archive() {
    for (let sent = 0; sent < 128 * MiB; sent += 64 * 1024) {
      yield Buffer.alloc(64 * 1024, 1);
      const temporary = readdirSync(dir)[0] ?? '';
      mostAhead = Math.max(mostAhead, sent - statSync(join(dir, temporary)).size);
    }
  }
  const body = Readable.from(archive(), { objectMode: false });
  await (await local(dir).stage('a.tar.gz', body)).publish();
  expect(mostAhead).toBeLessThan(4 * MiB);
  expect(statSync(join(dir, 'a.tar.gz')).size).toBe(128 * MiB);
});

it('sweeps only files that are plainly its own', async () => {
  const dir = newDir();
  const others = [
    '.tmp-of-somebody-else',
    '.nfs000001',
    'a.tar.gz',
    `.tmp-nkvm-fedcba9876543210-${randomUUID()}`,
    `.tmp-nkvm-${INSTALLATION}-not-a-name-of-ours`,
  ];
  for (const name of others) {
    writeFileSync(join(dir, name), '');
    utimesSync(join(dir, name), 0, 0);
  }
  await local(dir).stage('b.tar.gz', bodyOf('left by an earlier process'));
  const later = () => Date.now() + 365 * 24 * 3_600_000;
  expect(await local(dir, { now: later }).sweep()).toBe(1);
  expect(readdirSync(dir).sort()).toEqual(others.sort());
});

it('deletes a temporary that names no installation when no run can own it any more', async () => {
  const dir = newDir();
  const name = `.tmp-nkvm-${randomUUID()}`;
  writeFileSync(join(dir, name), 'of the version before');
  const in7Days = () => Date.now() + 7 * 24 * 3_600_000;
  expect(await local(dir, { now: in7Days }).sweep()).toBe(0);
  expect(readdirSync(dir)).toEqual([name]);
  const in9Days = () => Date.now() + 9 * 24 * 3_600_000;
  expect(await local(dir, { now: in9Days }).sweep()).toBe(1);
  expect(readdirSync(dir)).toEqual([]);
});

it('never sweeps the lock of a name that it is about to give', async () => {
  const dir = newDir();
  let swept = -1;
  const to = local(dir, {
    files: {
      ...noHardLinks,
      rename: async (from, target) => {
        expect(readdirSync(dir)).toHaveLength(2); // the temporary, and the lock
        swept = await to.sweep();
        await fs.rename(from, target);
      },
    },
  });
  await (await to.stage('a.tar.gz', bodyOf('archive'))).publish();
  expect(swept).toBe(0);
  expect(readdirSync(dir)).toEqual(['a.tar.gz']);
});

it('deletes the lock of a killed process only when it is old', async () => {
  const dir = newDir();
  const to = local(dir, { files: noHardLinks });
  const lock = join(dir, lockName(INSTALLATION, 'a.tar.gz'));
  const publish = async () => (await to.stage('a.tar.gz', bodyOf('archive'))).publish();
  writeFileSync(lock, '');
  await expect(publish()).rejects.toMatchObject({ reason: 'NameLocked', class: 'transient' });
  const before = new Date(Date.now() - 60 * 60_000);
  utimesSync(lock, before, before);
  await publish();
  expect(readdirSync(dir)).toEqual(['a.tar.gz']);
});

it('sweeps the lock of an earlier process of its own, and no other lock', async () => {
  const dir = newDir();
  for (const owner of [INSTALLATION, 'fedcba9876543210'])
    writeFileSync(join(dir, lockName(owner, 'a.tar.gz')), '');
  expect(await local(dir).sweep()).toBe(1);
  expect(readdirSync(dir)).toEqual([lockName('fedcba9876543210', 'a.tar.gz')]);
});

const repeated = (code: string) => Object.assign(new Error(`${code}: repeated call`), { code });

it.each<[string, LocalFiles]>([
  [
    'link',
    {
      ...noHardLinks,
      link: async (from, to) => {
        await fs.link(from, to);
        throw repeated('EEXIST');
      },
    },
  ],
  [
    'rename',
    {
      ...noHardLinks,
      rename: async (from, to) => {
        await fs.rename(from, to);
        throw repeated('ENOENT');
      },
    },
  ],
])('publishes when the %s that worked is repeated and then fails (NFS)', async (_, files) => {
  const dir = newDir();
  const to = local(dir, { files });
  await (await to.stage('a.tar.gz', bodyOf('archive'))).publish();
  await to.put('a.tar.gz.json', '{}');
  expect(readdirSync(dir).sort()).toEqual(['a.tar.gz', 'a.tar.gz.json']);
});

it('leaves no name when the link fails for another reason after it worked', async () => {
  const dir = newDir();
  const link: LocalFiles['link'] = async (from, to) => {
    await fs.link(from, to);
    throw repeated('EIO');
  };
  const staged = await local(dir, { files: { ...noHardLinks, link } }).stage('a', bodyOf('x'));
  await expect(staged.publish()).rejects.toMatchObject({
    reason: 'DestinationFailed',
    class: 'unknown',
  });
  expect(readdirSync(dir)).toEqual([]);
});

it('says when the name of an archive came, not only its bytes', async () => {
  const dir = newDir();
  const staged = await local(dir).stage('a', bodyOf('x'));
  const [temporary = ''] = readdirSync(dir);
  utimesSync(join(dir, temporary), 0, 0);
  await staged.publish();
  const { modifiedAt } = (await local(dir).stat('a')) ?? {};
  expect(modifiedAt?.getTime()).toBeGreaterThan(Date.now() - 60_000);
});

it('lists neither directories nor hidden files', async () => {
  const dir = newDir();
  writeFileSync(join(dir, '.hidden'), '');
  await fs.mkdir(join(dir, 'lost+found'));
  await local(dir).put('a.json', '{}');
  expect(await keysOf(local(dir))).toEqual(['a.json']);
});

describe('what others put into the directory in the place of an archive', () => {
  const refusal = expect.objectContaining({ reason: 'NotAFile', class: 'needs-action' });

  it.each<[string, (path: string, outside: string) => unknown]>([
    ['a symbolic link that leads out', (path, outside) => symlinkSync(outside, path)],
    ['a symbolic link to an archive', path => symlinkSync('real.tar.gz', path)],
    ['a symbolic link to nothing', path => symlinkSync('nowhere', path)],
    ['a directory', path => mkdirSync(path)],
    ['a pipe', path => execFileSync('mkfifo', [path])],
  ])('is neither read, listed nor followed: %s', async (_, put) => {
    const dir = newDir();
    const outside = join(newDir(), 'secret');
    writeFileSync(outside, 'token of NKVM');
    writeFileSync(join(dir, 'real.tar.gz'), 'archive');
    put(join(dir, 'a.tar.gz'), outside);
    const to = local(dir);
    await expect(to.open('a.tar.gz')).rejects.toEqual(refusal);
    await expect(to.stat('a.tar.gz')).rejects.toEqual(refusal);
    expect(await keysOf(to)).toEqual(['real.tar.gz']);
    const staged = await to.stage('a.tar.gz', bodyOf('x'));
    await expect(staged.publish()).rejects.toMatchObject({ reason: 'NameTaken' });
    await to.remove('a.tar.gz').catch(() => undefined); // a directory stays
    expect(readFileSync(outside, 'utf8')).toBe('token of NKVM');
    expect(readFileSync(join(dir, 'real.tar.gz'), 'utf8')).toBe('archive');
  });

  it.each([
    ['with hard links', fs],
    ['without', noHardLinks],
  ])('is not published where it was put in the place of the temporary, %s', async (_, files) => {
    const dir = newDir();
    const outside = join(newDir(), 'secret');
    writeFileSync(outside, 'archive');
    const staged = await local(dir, { files }).stage('a.tar.gz', bodyOf('archive'));
    const [temporary = ''] = readdirSync(dir);
    rmSync(join(dir, temporary));
    symlinkSync(outside, join(dir, temporary));
    await expect(staged.publish()).rejects.toEqual(refusal);
    expect(readdirSync(dir)).toEqual([]);
    expect(readFileSync(outside, 'utf8')).toBe('archive');
  });
});

it('never takes a missing directory for an empty one', async () => {
  const to = local(join(newDir(), 'not-mounted'));
  const missing = { name: 'StageError', reason: 'DestinationMissing' };
  await expect(to.stage('a', bodyOf('x'))).rejects.toMatchObject({ ...missing, stage: 'copy' });
  await expect(keysOf(to)).rejects.toMatchObject(missing);
  await expect(to.stat('a')).rejects.toMatchObject(missing);
  await expect(to.remove('a')).rejects.toMatchObject(missing);
  await expect(to.sweep()).rejects.toMatchObject(missing);
  await expect(to.freeBytes()).rejects.toMatchObject(missing);
});

it('lets go of the stream when the directory is missing', async () => {
  const body = bodyOf('x');
  await expect(local('/nowhere').stage('a', body)).rejects.toThrow('/nowhere');
  expect(body.destroyed).toBe(true);
});

it.skipIf(process.getuid?.() === 0)('says that it may not write (root may always)', async () => {
  const dir = newDir();
  chmodSync(dir, 0o500);
  await expect(local(dir).stage('a', bodyOf('x'))).rejects.toMatchObject({
    stage: 'copy',
    reason: 'DestinationNotWritable',
    message: expect.stringContaining(dir),
  });
});

it('says that the disk is full, and leaves nothing (the kernel answers through /dev/full)', async () => {
  const dir = newDir();
  const full = { link: fs.link, open: () => fs.open('/dev/full', 'w') };
  const body = Readable.from([Buffer.alloc(MiB)]);
  await expect(local(dir, { files: full }).stage('a.tar.gz', body)).rejects.toMatchObject({
    stage: 'copy',
    reason: 'DestinationFull',
    message: expect.stringMatching(/is full: a\.tar\.gz needs more than the [\d.]+ .iB that is/),
    hint: expect.stringContaining('delete archives that are no longer needed'),
  });
  expect(body.destroyed).toBe(true);
  expect(readdirSync(dir)).toEqual([]);
});

it('fails when the disk refuses to make the archive durable (fsync of /dev/null does)', async () => {
  const to = local(newDir(), { files: { link: fs.link, open: () => fs.open('/dev/null', 'w') } });
  await expect(to.stage('a.tar.gz', bodyOf('x'))).rejects.toMatchObject({
    stage: 'copy',
    reason: 'DestinationFailed',
  });
});

const mayMount = (() => {
  try {
    const dir = mkdtempSync(join(tmpdir(), 'nkvm-mount-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' });
    execFileSync('umount', [dir]);
    rmSync(dir, { recursive: true });
    return true;
  } catch {
    return false;
  }
})();

const withMount = it.skipIf(!mayMount);

/** A file system of its own, until the test ends. */
function mounted(options: string): string {
  const dir = newDir();
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]);
  onTestFinished(() => void execFileSync('umount', [dir]));
  return dir;
}

withMount('leaves a full disk as it was (needs the right to mount a tmpfs)', async () => {
  const dir = mounted('size=4m');
  const to = local(dir);
  await to.put('good.json', '{"kept":true}');
  const free = await to.freeBytes();
  const tooMuch = Readable.from([Buffer.alloc(3 * MiB), Buffer.alloc(3 * MiB)]);
  await expect(to.stage('a.tar.gz', tooMuch)).rejects.toMatchObject({
    reason: 'DestinationFull',
    message: expect.stringContaining('more than the 4.0 MiB that is free'),
  });
  expect(readdirSync(dir)).toEqual(['good.json']);
  expect(await to.freeBytes()).toBe(free);
  expect(await text(await to.open('good.json'))).toBe('{"kept":true}');
});

withMount('names a read-only file system (needs the right to mount a tmpfs)', async () => {
  const dir = mounted('ro');
  await expect(local(dir).put('a', 'x')).rejects.toMatchObject({
    stage: 'publish',
    reason: 'DestinationNotWritable',
    message: `backup directory ${dir} refuses access (EROFS); it was about a`,
  });
});
