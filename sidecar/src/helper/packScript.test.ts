import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VOLUME_PATH, WORK_PATH } from './names.ts';
import { packCommand } from './packScript.ts';
import { readSeal } from './seal.ts';

let root: string;
let volume: string;
let work: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-pack-'));
  volume = join(root, 'volume');
  work = join(root, 'work');
  mkdirSync(volume);
  mkdirSync(work);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function start(from = volume, env = process.env) {
  const here = new Map([
    [VOLUME_PATH, from],
    [WORK_PATH, work],
  ]);
  const [program = '', ...args] = packCommand().map(word => here.get(word) ?? word);
  return spawn(program, args, { env });
}

/** Runs the command as the helper pod does, on directories of this machine. */
async function pack(env: NodeJS.ProcessEnv = process.env, from = volume) {
  const child = start(from, env);
  const exit = new Promise<number | null>(resolve => child.on('close', resolve));
  const [archive, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { exit: await exit, archive, stderr: stderr.toString() };
}

const seal = () => readSeal(readFileSync(join(work, 'seal'), 'utf8'));

describe('the packing command', () => {
  it('seals what it wrote: bytes, hash, entries', async () => {
    mkdirSync(join(volume, 'deep'));
    writeFileSync(join(volume, 'deep', 'two\nlines'), 'x'.repeat(100_000));
    symlinkSync('nowhere', join(volume, 'link'));
    writeFileSync(join(volume, '-dash'), '');
    truncateSync(join(volume, '-dash'), 10_000_000);
    const { exit, archive } = await pack();
    expect(exit).toBe(0);
    expect(seal()).toMatchObject({
      bytes: archive.length,
      sha256: createHash('sha256').update(archive).digest('hex'),
      tarExit: 0,
      compressorExit: 0,
      files: 5,
      rawBytes: gunzipSync(archive).length,
      fidelity: 'full',
      warnings: [],
    });
  });

  it('packs an empty volume', async () => {
    const { archive } = await pack();
    expect(seal()).toMatchObject({ files: 1, bytes: archive.length, tarExit: 0 });
  });

  it('leaves out an empty lost+found at the top, and nothing else of that name', async () => {
    for (const path of ['lost+found', 'deep/lost+found'])
      mkdirSync(join(volume, path), { recursive: true });
    const { archive } = await pack();
    const names = spawnSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' }).stdout;
    expect(names).toBe('./\n./deep/\n./deep/lost+found/\n');
    expect(seal().files).toBe(3);
    writeFileSync(join(volume, 'lost+found', '#1234'), 'found');
    await pack();
    expect(seal().files).toBe(5);
  });

  it('tells what tar leaves out', async () => {
    const server = createServer().listen(join(volume, 'sock'));
    await new Promise(resolve => server.once('listening', resolve));
    await pack();
    server.close();
    expect(seal()).toMatchObject({ tarExit: 0, warnings: ['tar: ./sock: socket ignored'] });
  });

  it('tells the exit code of a tar that failed, and its words', async () => {
    await pack(process.env, join(root, 'missing'));
    expect(seal().tarExit).toBe(2);
    expect(seal().warnings.join()).toMatch(/missing.*No such file/);
  });

  it('names the tool that the image lacks, and writes no seal', async () => {
    const bin = join(root, 'bin');
    mkdirSync(bin);
    for (const tool of ['sh', 'rm']) symlinkSync(`/bin/${tool}`, join(bin, tool));
    const { exit, archive, stderr } = await pack({ PATH: bin });
    expect({ exit, size: archive.length }).toEqual({ exit: 127, size: 0 });
    expect(stderr).toContain('the helper image has no tar');
    expect(existsSync(join(work, 'seal'))).toBe(false);
  });

  it('tells the exit code of a compressor that was killed', async () => {
    const bin = join(root, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'igzip'), '#!/bin/sh\nkill -KILL $$\n');
    chmodSync(join(bin, 'igzip'), 0o755);
    writeFileSync(join(volume, 'big'), Buffer.alloc(1_000_000, 1));
    await pack({ ...process.env, PATH: `${bin}:${process.env.PATH}` });
    expect(seal().compressorExit).toBe(137);
  });

  it('keeps at most 50 of tar’s lines, and the size all the same', async () => {
    const names = Array.from({ length: 60 }, (_, index) => join(volume, `s${index}`));
    const servers = names.map(name => createServer().listen(name));
    await Promise.all(servers.map(server => new Promise(done => server.once('listening', done))));
    await pack();
    servers.forEach(server => server.close());
    expect(seal().warnings).toHaveLength(50);
    expect(seal().rawBytes).toBeGreaterThan(0);
  });

  it('ends when nobody reads any more', async () => {
    writeFileSync(join(volume, 'big'), Buffer.alloc(20_000_000, 'abc'));
    const child = start();
    child.stdout.destroy();
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(1);
    expect(existsSync(join(work, 'seal'))).toBe(false);
  });
});
