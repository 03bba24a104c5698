import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { run } from './machine/run.ts';
import { backUp } from './support/backups.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { IMAGE, verifyPod } from './support/verify-pod.ts';

/**
 * Looks closely at what the commands of docs/operations/restore-by-hand.md do; commands-of-docs.test.ts runs them as they stand.
 * Names are put in: of the archive, of the image of this cluster, of files, and of a directory.
 */
const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/operations/restore-by-hand.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);

const CLAIM = 'orders-db-restored';
const directory = mkdtempSync(join(tmpdir(), 'nkvm-by-hand-'));
let backup: Backup;

/** @returns what a block of the page writes, run below `directory`. @throws Error when it fails. */
function shell(block: string): string {
  const archive = basename(backup.archive ?? '');
  const text = block
    .replace(/^(archive|directory)=.*$/m, '')
    .replace("'*.conf'", "'*contents*'") // names of the volume that the tests have
    .replace("'./.bashrc' './config/*'", "'*contents/*'")
    .replaceAll('deploy/restore.sh', `${join(ROOT, 'deploy/restore.sh')} --image ${IMAGE}`);
  const before = `set -eu; export KUBECONFIG=${kubeconfigPath()} archive=${archive} directory=${directory}/by-tar; cd ${directory};`;
  return run('sh', ['-c', `${before}\n${text}`]);
}

const blockWith = (text: string): string => {
  const found = BLOCKS.filter(block => block.includes(text));
  expect(found, `blocks with ${text}`).toHaveLength(1);
  return found[0] ?? '';
};

beforeAll(async () => {
  const proxy = await apiThroughServiceProxy();
  try {
    const admin = token();
    backup = await backUp((path, init) => proxy.fetch(path, admin, init), 'shop', 'orders-db');
  } finally {
    proxy.stop();
  }
  expect(backup).toMatchObject({ status: 'success' });
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  kubectl(['delete', 'pvc', CLAIM, '--namespace=shop', '--ignore-not-found']);
});

it('lists and copies the archive, and checks the copy', () => {
  expect(shell(blockWith('-- ls /var/lib/nkvm/backups\n'))).toContain(
    basename(backup.archive ?? '')
  );
  shell(blockWith('archive=$('));
  expect(shell(blockWith('sha256sum --check'))).toContain(': OK');
});

it('looks into it, and takes some files out of it', () => {
  expect(shell(blockWith('tar -tzf'))).toContain('./');
  shell(blockWith('mkdir -p restored'));
  expect(
    run('find', [join(directory, 'restored'), '-type', 'f']).split('\n').length
  ).toBeGreaterThan(5);
});

it('restores into a new claim to the very same tree, and leaves no pod', () => {
  expect(shell(blockWith('--size 1Gi'))).toContain(`Restored into claim shop/${CLAIM}`);
  const pods = kubectl(['get', 'pods', '--namespace=shop', '--output=name']);
  expect(pods).not.toContain('restore-by-hand');
  const [original, restored] = ['orders-db', CLAIM].map(name => {
    const pod = verifyPod('shop', name);
    try {
      return pod.listing('/volume');
    } finally {
      pod.remove();
    }
  });
  expect(restored).toBe(original);
});

it('refuses what would harm: a claim with files, one in use, another archive, half an archive', () => {
  const [, half = ''] = ['', join(directory, 'half.tar.gz')];
  copyFileSync(join(directory, basename(backup.archive ?? '')), half);
  truncateSync(half, 100_000);
  const restore = (archive: string, target: string) =>
    shell(`sh deploy/restore.sh ${archive} ${target}`);
  expect(() => restore('"$archive"', `shop/${CLAIM}`)).toThrow(/is not empty: .*--overwrite/);
  expect(() => restore('"$archive"', 'shop/orders-db')).toThrow(/is used by .*stop them first/);
  expect(() => restore('half.tar.gz', `shop/${CLAIM}`)).toThrow(/is not a complete \.tar\.gz/);
  copyFileSync(`${join(directory, basename(backup.archive ?? ''))}.json`, `${half}.json`);
  expect(() => restore('half.tar.gz', `shop/${CLAIM}`)).toThrow(/is not what was backed up/);
  expect(() => restore('"$archive"', 'shop/new-one')).toThrow(/give --size to create it/);
});

it('replaces the files of a claim, all of them or some', () => {
  const first = BLOCKS.filter(block => block.includes('--overwrite'));
  expect(first).toHaveLength(2);
  expect(shell(first[0] ?? '')).toContain('and compared');
  expect(shell((first[1] ?? '').replace('./config', './'))).toContain('and compared');
});

it('is restored by tar on a machine that has the disk, also from a damaged archive', () => {
  mkdirSync(join(directory, 'by-tar'));
  shell(blockWith('tar --compare --gzip'));
  shell(blockWith('|| true'));
});
