import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packing } from '../../testing/helper/packing.ts';
import { BY_RULE } from '../leaveOut.ts';
import { program } from '../program.ts';

const PARALLEL = program('parallel.cjs', '//');
const SIZE = 100_000;
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'nkvm-parallel-'))));
afterEach(() => rmSync(dir, { recursive: true }));

function run(input: Buffer, compressor: string[], count = 3) {
  const file = (name: string) => join(dir, name);
  writeFileSync(file('input'), input);
  const stdin = openSync(file('input'), 'r');
  const { stdout, status } = spawnSync(
    'node',
    [
      '-e',
      PARALLEL,
      `${count}`,
      `${SIZE}`,
      file('sum'),
      file('members'),
      file('exit'),
      ...compressor,
    ],
    // Compressors that are left have its standard error, too, so that it waits for them.
    { stdio: [stdin, 'pipe', 'pipe'], maxBuffer: 2 ** 26 }
  );
  closeSync(stdin);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  return { stdout, status, sum: read('sum'), members: read('members'), exit: read('exit') };
}

/** As a program that comes over standard input: gives the archive to standard output. */
const PASS_ON = 'process.stdin.pipe(process.stdout); control.destroy()';
const GZIP = ['gzip', '-1', '-c'];

describe('compressors beside each other', () => {
  it.each([0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE, 10 * SIZE + 5])(
    'write %i bytes in order, in members of one size',
    bytes => {
      const input = randomBytes(bytes);
      const { stdout, status, sum, members, exit } = run(input, GZIP);
      expect({ status, exit }).toEqual({ status: 0, exit: '0\n' });
      const sizes = members === '' ? [] : members.split(',').map(Number);
      expect(sizes).toHaveLength(Math.ceil(bytes / SIZE));
      expect(sum).toBe(`${stdout.length} ${sha256(stdout)} ${sizes.length} ${sha256(members)}\n`);
      let at = 0;
      sizes.forEach((size, index) => {
        const member = gunzipSync(stdout.subarray(at, (at += size)));
        expect(member.equals(input.subarray(index * SIZE, (index + 1) * SIZE))).toBe(true);
      });
      expect(at).toBe(stdout.length);
    }
  );

  it.each<[string, string[], string]>([
    ['fails at its second member', ['sh', '-c', 'gzip -c; mkdir "$0" || exit 3', 'DIR'], '3\n'],
    ['does not read its input', ['true'], '1\n'],
    ['is missing', ['no-such-compressor'], '127\n'],
    ['is killed', ['sh', '-c', 'kill -9 $$'], '137\n'],
  ])('say that one %s', (_, compressor, expected) => {
    const words = compressor.map(word => (word === 'DIR' ? join(dir, 'made') : word));
    // More than a pipe holds, so that unread input is seen.
    const { stdout, sum, exit } = run(randomBytes(50 * SIZE), words);
    expect(exit).toBe(expected);
    expect(sum).toMatch(new RegExp(`^${stdout.length} ${sha256(stdout)} `));
  });
});

it.each([1, 4096])(
  'are packed with as many as there are cores: %i',
  async cores => {
    const { volume, work, packDirect, sealed, instead, remove } = packing();
    try {
      const noise = Buffer.alloc(70 * 1024 * 1024, randomBytes(1_000_003));
      writeFileSync(join(volume, 'noise'), noise);
      const hello = {
        program: PASS_ON,
        parallel: `${PARALLEL}\nrequire('fs').writeFileSync('ran', '')`,
      };
      const { exit, archive } = await packDirect(hello, instead('nproc', `echo ${cores}`));
      expect(exit).toBe(0);
      expect(existsSync(join(work, 'ran'))).toBe(cores > 1);
      expect(sealed().members.count).toBe(2);
      expect(sealed().seal).toMatchObject({
        ...{ bytes: archive.length, sha256: sha256(archive), compressorExit: 0, tarExit: 0 },
        rawBytes: gunzipSync(archive).length,
      });
      // Of its tar, the file is the last entry.
      expect(gunzipSync(archive).includes(noise.subarray(-2_000_000))).toBe(true);
    } finally {
      remove();
    }
  },
  120_000
);

it('a program that takes the archive gets what is secret, and no file has it', async () => {
  const { volume, work, packDirect, remove } = packing();
  try {
    writeFileSync(join(volume, 'orders'), 'orders');
    const secret = 'a token of one run';
    const program = `
      const fs = require('fs');
      const has = name => fs.statSync(name).isFile() && fs.readFileSync(name, 'utf8').includes(hello.secret);
      const found = { secret: hello.secret, files: fs.readdirSync('.').filter(has) };
      fs.writeFileSync('found', JSON.stringify(found));
      ${PASS_ON}`;
    const { exit } = await packDirect({ program, secret });
    expect(exit).toBe(0);
    const found = JSON.parse(readFileSync(join(work, 'found'), 'utf8'));
    expect(found).toEqual({ secret, files: [] });
    const kept = readdirSync(work, { withFileTypes: true }).filter(
      file => file.isFile() && file.name !== 'found'
    );
    expect(kept.map(({ name }) => name)).toContain('hello');
    for (const { name } of kept)
      expect(readFileSync(join(work, name), 'utf8')).not.toContain(secret);
  } finally {
    remove();
  }
});

it('a packing command whose program does not arrive fails', async () => {
  const { volume, start, remove } = packing();
  try {
    writeFileSync(join(volume, 'orders'), 'orders');
    const child = start(volume, process.env, 'checksum', undefined, BY_RULE, false, true);
    const exit = new Promise(resolve => child.on('close', resolve));
    child.stdout.resume();
    child.stdin.end('{"parallel":""}\n{"program":');
    expect(String(await buffer(child.stderr))).toContain('did not arrive');
    expect(await exit).toBe(3);
  } finally {
    remove();
  }
});
