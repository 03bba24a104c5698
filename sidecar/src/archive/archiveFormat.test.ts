import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import { packHere } from '../testing/helper/packHere.ts';
import { readIndex } from './index/storedIndex.ts';
import { Manifest, writeManifest } from './manifest.ts';
import { MEMBER_RAW_BYTES } from './memberBytes.ts';
import { indexName, manifestName, parseArchiveName } from './name.ts';
import { restoreCommand } from './restoreCommand.ts';

/** What docs/reference/archive-format.md promises, held against the code. */
const text = readFileSync(
  join(import.meta.dirname, '../../../docs/reference/archive-format.md'),
  'utf8'
);
const NAME = 'kind__shop__data-orders-db-0__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';
const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block);
const [check = '', checkIndex = '', , readFile = '', readMember = '', restore = ''] = blocks;

const hasJq = (() => {
  try {
    execFileSync('jq', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

let dir: string;

/** A volume with a few files, its archive, and its manifest beside it. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-format-'));
  const [volume, backups] = [join(dir, 'volume'), join(dir, 'backups')];
  mkdirSync(volume);
  mkdirSync(backups);
  for (const name of ['plain', 'with\nline break', "it's"]) writeFileSync(join(volume, name), name);
  writeFileSync(join(volume, 'a-big-one'), Buffer.alloc(70_000_000, 'some text '));
  mkdirSync(join(volume, 'orders'));
  writeFileSync(join(volume, 'orders', '2026.csv'), 'order,customer\n');
  const { archive, index, sealed } = packHere(volume, NAME);
  writeFileSync(join(backups, NAME), archive);
  writeFileSync(join(backups, indexName(NAME)), index);
  const { seal, members } = sealed;
  const digest = { bytes: index.length, sha256: createHash('sha256').update(index).digest('hex') };
  const manifest = exampleManifest({
    ...{ archive: NAME, pvc: 'data-orders-db-0', bytes: seal.bytes, sha256: seal.sha256, seal },
    members: { ...members, rawBytes: MEMBER_RAW_BYTES },
    index: { key: indexName(NAME), ...digest, entries: seal.files },
  });
  writeFileSync(join(backups, manifestName(NAME)), writeManifest(manifest));
  return () => rmSync(dir, { recursive: true, force: true });
});

it('names an archive as its example is named', () => {
  expect(text).toContain(`    ${NAME}\n`);
  expect(parseArchiveName(NAME)).toMatchObject({ cluster: 'kind', pvc: 'data-orders-db-0' });
});

/** The names in the first column of the table between two places. */
const tableOf = (from: string, to: string): string[] => {
  const section = text.slice(text.indexOf(from));
  const table = section.slice(0, section.indexOf(to));
  return [...table.matchAll(/^\| (.*?) \|/gm)]
    .flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, field = '']) => field))
    .sort();
};

it('lists every field of the manifest, and no other', () => {
  expect(tableOf('## Manifest', '`formatVersion` increases')).toEqual(
    Object.keys(Manifest.shape).sort()
  );
});

it('lists every field of the first line of an index, and no other', () => {
  const index = gunzipSync(readFileSync(join(dir, 'backups', indexName(NAME)))).toString();
  const fields = Object.keys(JSON.parse(index.slice(0, index.indexOf('\n'))));
  expect(tableOf('## Index', 'The second has')).toEqual(fields.sort());
});

it('gives the command that the service gives', () => {
  const command = restore.replace(/\\\n\s*/, '').trim();
  expect(command).toBe(restoreCommand('$a').replace("'$a'", '/var/lib/nkvm/backups/$a'));
});

it.skipIf(!hasJq)('gives commands that check an archive (needs jq)', () => {
  const backups = join(dir, 'backups');
  const output = run(check.replace('/var/lib/nkvm/backups', backups), dir);
  const { seal } = JSON.parse(readFileSync(join(backups, manifestName(NAME)), 'utf8'));
  expect(output).toBe(`${NAME}: OK\n${seal.rawBytes}\n${seal.files}\n${seal.rawSha256}  -\n`);
});

it('describes an index that the service can read', async () => {
  const stored = readFileSync(join(dir, 'backups', indexName(NAME)));
  const { header, index } = await readIndex(Readable.from([stored]), NAME, stored.length);
  expect(header.members).toHaveLength(2);
  expect(index.entries).toBe(7);
});

it.skipIf(!hasJq)('gives commands that check an index (needs jq)', () => {
  const backups = join(dir, 'backups');
  const output = run(`a=${NAME}\n${checkIndex}`, backups);
  const manifest = JSON.parse(readFileSync(join(backups, manifestName(NAME)), 'utf8'));
  expect(output).toBe(
    `${indexName(NAME)}: OK\n${NAME}\n${manifest.bytes}\n${manifest.sha256}\n` +
      `${manifest.members.sha256}  -\n${manifest.seal.files}\n`
  );
});

it.skipIf(!hasJq)('gives commands that read one file, and one member (needs jq)', () => {
  const [file, size, ...lines] = run(
    `a=${NAME}\n${readFile}\n${readMember}`,
    join(dir, 'backups')
  ).split('\n');
  expect(file).toBe('order,customer');
  expect(Number(size)).toBeGreaterThan(0);
  // Both ends of the big file are in other members.
  const index = gunzipSync(readFileSync(join(dir, 'backups', indexName(NAME)))).toString();
  const [head = '', ...all] = index.trimEnd().split('\n');
  expect(JSON.parse(head).members).toHaveLength(2);
  expect(all.join('\n')).toContain(lines.join('\n').trimEnd());
  expect(lines.join()).toContain('2026.csv');
});

it('gives a command that restores an archive', () => {
  const target = mkdtempSync(join(tmpdir(), 'nkvm-format-'));
  onTestFinished(() => rmSync(target, { recursive: true, force: true }));
  run(`a=${NAME}\n${restore.replace('/var/lib/nkvm/backups', join(dir, 'backups'))}`, target);
  execFileSync('diff', ['--recursive', join(dir, 'volume'), target]);
});

const run = (script: string, cwd: string) =>
  execFileSync('sh', ['-eu', '-c', script], { cwd, encoding: 'utf8' });
