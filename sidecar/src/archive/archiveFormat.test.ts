import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { Manifest, writeManifest } from './manifest.ts';
import { manifestName, parseArchiveName } from './name.ts';
import { readBack } from './readBack.ts';
import { restoreCommand } from './restoreCommand.ts';

/** What docs/reference/archive-format.md promises, held against the code. */
const text = readFileSync(
  join(import.meta.dirname, '../../../docs/reference/archive-format.md'),
  'utf8'
);
const NAME = 'kind__shop__data-orders-db-0__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';
const [check = '', restore = ''] = [...text.matchAll(/```sh\n([^]*?)```/g)].map(
  ([, block]) => block
);

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
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-format-'));
  const [volume, backups] = [join(dir, 'volume'), join(dir, 'backups')];
  mkdirSync(volume);
  mkdirSync(backups);
  for (const name of ['plain', 'with\nline break', "it's"]) writeFileSync(join(volume, name), name);
  const archive = join(backups, NAME);
  const options = ['--format=posix', '--xattrs', '--acls', '--sparse', '--numeric-owner'];
  execFileSync('tar', ['-czf', archive, ...options, '-C', volume, '.']);
  const { contents, ...digest } = await readBack(NAME, createReadStream(archive), 'contents');
  if (!contents) throw new Error('level contents gives contents');
  writeFileSync(join(backups, manifestName(NAME)), writeManifest(manifestOf(digest, contents)));
  return () => rmSync(dir, { recursive: true, force: true });
});

it('names an archive as its example is named', () => {
  expect(text).toContain(`    ${NAME}\n`);
  expect(parseArchiveName(NAME)).toMatchObject({ cluster: 'kind', pvc: 'data-orders-db-0' });
});

it('lists every field of the manifest, and no other', () => {
  const table = text.slice(text.indexOf('| field |'), text.indexOf('Permissions, owners'));
  const named = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, field]) => field)
  );
  expect(named.sort()).toEqual(Object.keys(Manifest.shape).sort());
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

it('gives a command that restores an archive', () => {
  const target = mkdtempSync(join(tmpdir(), 'nkvm-format-'));
  onTestFinished(() => rmSync(target, { recursive: true, force: true }));
  run(`a=${NAME}\n${restore.replace('/var/lib/nkvm/backups', join(dir, 'backups'))}`, target);
  execFileSync('diff', ['--recursive', join(dir, 'volume'), target]);
});

const run = (script: string, cwd: string) =>
  execFileSync('sh', ['-eu', '-c', script], { cwd, encoding: 'utf8' });

const manifestOf = (
  digest: { bytes: number; sha256: string },
  contents: { files: number; rawBytes: number; rawSha256: string }
): Manifest => ({
  formatVersion: 1,
  archive: NAME,
  runId: '01k9a2b3c4d5e6f7g8h9jkmnpq',
  cluster: 'kind',
  namespace: 'shop',
  pvc: 'data-orders-db-0',
  pvcUid: '5d0c6a3e-8f0b-4c58-9a53-0f6f1c2d3e4f',
  claim: { labels: {}, annotations: {}, spec: { accessModes: ['ReadWriteOnce'] } },
  owner: { kind: 'Unknown', reason: 'nothing uses it' },
  node: null,
  createdAt: '2026-11-20T10:11:12.000Z',
  requestedBy: 'system:admin',
  ...digest,
  seal: {
    ...digest,
    ...contents,
    tarExit: 0,
    compressorExit: 0,
    omitted: { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 },
  },
  warnings: [],
  tarMessages: [],
  nkvmVersion: '0.1.0',
  restoreCommand: restoreCommand(NAME),
});
