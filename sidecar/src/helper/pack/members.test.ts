import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { program } from '../program.ts';

const MEMBERS = program('members.cjs', '//');
const MARKER = '0123456789abcdef'.repeat(4);
/** How much it reads at once from a file. */
const READ_BYTES = 262_144;
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'nkvm-members-'))));
afterEach(() => rmSync(dir, { recursive: true }));

function run(input: Buffer) {
  const file = (name: string) => join(dir, name);
  writeFileSync(file('input'), input);
  const stdin = openSync(file('input'), 'r');
  const { stdout } = spawnSync('node', ['-e', MEMBERS, MARKER, file('sum'), file('members')], {
    stdio: [stdin, 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  closeSync(stdin);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  return { stdout, sum: read('sum'), members: read('members') };
}

const part = (bytes: number) => Buffer.alloc(bytes, 'compressed ');

it.each<[string, Buffer[]]>([
  ...[0, 1, 30, 63, 64, 65].map((before): [string, Buffer[]] => [
    `one whose marker begins ${before} bytes before the end of a read`,
    [part(READ_BYTES - before), part(1_000_000)],
  ]),
  ['several in one read', [part(20), part(1), part(300)]],
  [
    'one that ends like the beginning of a marker',
    [Buffer.from('x' + MARKER.slice(0, 63)), part(9)],
  ],
  ['one that holds a part of a marker', [Buffer.from(MARKER.slice(1) + 'x'), part(9)]],
  ['none', []],
])('passes on members without their markers, and knows their sizes: %s', (_, members) => {
  const all = Buffer.concat(members);
  const sizes = members.map(({ length }) => length).join();
  const {
    stdout,
    sum,
    members: told,
  } = run(Buffer.concat(members.flatMap(member => [member, Buffer.from(MARKER)])));
  expect(stdout.equals(all)).toBe(true);
  expect(told).toBe(sizes);
  expect(sum).toBe(`${all.length} ${sha256(all)} ${members.length} ${sha256(sizes)}\n`);
});

it('passes on what has no marker, and does not count it as a member', () => {
  const cut = Buffer.from(`first${MARKER}the compressor failed ${MARKER.slice(0, 40)}`);
  const { stdout, sum, members } = run(cut);
  expect(stdout.toString()).toBe(`firstthe compressor failed ${MARKER.slice(0, 40)}`);
  expect(members).toBe('5');
  expect(sum).toMatch(new RegExp(`^${stdout.length} `));
});
