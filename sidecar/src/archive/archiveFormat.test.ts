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
import { exampleManifest } from '../testing/exampleManifest.ts';
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
const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block);
const [check = '', , restore = '', restoreInCluster = ''] = blocks;

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

it('gives the same command for a restore in a cluster', () => {
  const command = restoreCommand('-').replace(/^tar/, '\\\n  tar');
  expect(restoreInCluster).toContain(`kubectl exec -i -n shop restore -- ${command}\n`);
});

it.skipIf(!hasJq)('gives a command that makes the claim again (needs jq)', () => {
  const [jq = ''] = /jq '[^]*?'/.exec(restoreInCluster) ?? [];
  const claim = JSON.parse(run(`${jq} "${join(dir, 'backups', manifestName(NAME))}"`, dir));
  expect(claim).toMatchObject({
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'orders-db-restored', namespace: 'shop', labels: { app: 'orders' } },
    spec: { accessModes: ['ReadWriteOnce'] },
  });
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
): Manifest => {
  const example = exampleManifest({ archive: NAME, pvc: 'data-orders-db-0', ...digest });
  return { ...example, seal: { ...example.seal, ...contents } };
};
