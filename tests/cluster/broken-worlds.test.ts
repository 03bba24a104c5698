import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { run as runProgram } from './machine/run.ts';
import type { Call } from './support/backups.ts';
import { ended, read, start } from './support/backups.ts';
import { getJson, kubectl } from './support/kubectl.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

/** A sidecar beside the cluster with `env`, and a way to call it. It ends with the test. */
async function sidecarWith(env: Record<string, string>): Promise<{ sidecar: Sidecar; call: Call }> {
  const sidecar = await startSidecar(env);
  onTestFinished(() => sidecar.remove());
  const admin = token();
  return { sidecar, call: (path, init) => sidecar.fetch(path, admin, init) };
}

const begin = async (call: Call, namespace: string, name: string): Promise<string> => {
  const { run, problem } = await start(call, namespace, name);
  if (!run) throw new Error(problem?.message);
  return run.id;
};

const flowing = (call: Call, id: string): Promise<Backup> =>
  until(
    'bytes flow',
    async () => {
      const run = await read(call, id);
      return (run.bytes ?? 0) > 1e6 && run;
    },
    30_000
  ) as Promise<Backup>;

const helpers = () =>
  getJson<{ items: unknown[] }>(
    'pods',
    '--all-namespaces',
    '--selector=app.kubernetes.io/component=backup-helper'
  ).items.length;

/** No helper pod, and nothing in the backup directory, temporaries included. */
const nothingStays = (dir: string) => {
  expect(helpers()).toBe(0);
  expect(existsSync(dir) ? readdirSync(dir) : []).toEqual([]);
};

describe('a backup fails by name, and leaves nothing, when', () => {
  it('no node is free', async () => {
    const nodes = getJson<{ items: { metadata: { name: string } }[] }>('nodes');
    const names = nodes.items.map(({ metadata }) => metadata.name);
    kubectl(['cordon', ...names]);
    onTestFinished(() => void kubectl(['uncordon', ...names]));
    const { sidecar, call } = await sidecarWith({ NKVM_HELPER_POD_TIMEOUT_SECONDS: '5' });
    expect(await ended(call, await begin(call, 'shop', 'media'))).toMatchObject({
      status: 'failed',
      stage: 'wait',
      reason: 'NoNode',
      message: expect.stringMatching(/cannot be scheduled: 0\/\d+ nodes are available.*waited 5 s/),
      hint: expect.stringContaining('make room'),
    });
    nothingStays(join(sidecar.dir, 'backups'));
  });

  it('the image cannot be pulled', async () => {
    const { sidecar, call } = await sidecarWith({
      NKVM_HELPER_IMAGE: '127.0.0.1:1/nothing/here:1',
      NKVM_HELPER_POD_TIMEOUT_SECONDS: '20', // a pull may succeed later, so it is waited for
    });
    expect(await ended(call, await begin(call, 'shop', 'orders-db'))).toMatchObject({
      status: 'failed',
      stage: 'wait',
      reason: 'ImageNotPulled',
      message: expect.stringContaining('127.0.0.1:1/nothing/here:1'),
      hint: expect.stringContaining('NKVM_HELPER_IMAGE'),
    });
    nothingStays(join(sidecar.dir, 'backups'));
  });

  it('the helper is evicted in the middle of the stream', async () => {
    const { sidecar, call } = await sidecarWith({});
    const id = await begin(call, 'billing', 'statements');
    await flowing(call, id);
    const pod = ['--namespace=billing', `nkvm-backup-${id}-1`];
    // More than the emptyDir may hold: the kubelet evicts the pod. The stream is held up meanwhile, so that it lasts.
    kubectl(['exec', ...pod, '--', 'sh', '-c', 'pkill -STOP igzip || kill -STOP $(pidof igzip)']);
    kubectl(['exec', ...pod, '--', 'sh', '-c', 'head -c 300M /dev/zero > /work/ballast']);
    expect(await ended(call, id, 120_000)).toMatchObject({
      status: 'failed',
      stage: 'copy',
      reason: 'HelperEvicted',
      message: expect.stringMatching(/was evicted: .*(exceeds|exceeded)/i),
    });
    nothingStays(join(sidecar.dir, 'backups'));
  });

  it.skipIf(process.getuid?.() !== 0)('the backup directory is full', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'nkvm-disk-'));
    runProgram('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    onTestFinished(() => {
      runProgram('umount', ['--lazy', disk]);
      rmSync(disk, { recursive: true });
    });
    const dir = join(disk, 'backups');
    const { call } = await sidecarWith({ NKVM_BACKUP_DIR: dir, NKVM_MIN_FREE_SPACE: '0Mi' });
    expect(await ended(call, await begin(call, 'billing', 'statements'))).toMatchObject({
      status: 'failed',
      stage: 'copy',
      reason: 'DestinationFull',
      message: expect.stringContaining(dir),
    });
    nothingStays(dir);
  });

  it('the sidecar is killed in the middle of it', async () => {
    const admin = token();
    const first = await startSidecar();
    const callFirst: Call = (path, init) => first.fetch(path, admin, init);
    const id = await begin(callFirst, 'billing', 'statements');
    await flowing(callFirst, id);
    await first.stop('SIGKILL');
    const second = await startSidecar({}, first.dir);
    onTestFinished(() => second.remove());
    const callSecond: Call = (path, init) => second.fetch(path, admin, init);
    expect(await ended(callSecond, id)).toMatchObject({ status: 'failed', reason: 'Interrupted' });
    await until('the helper is gone', () => helpers() === 0, 30_000);
    nothingStays(join(second.dir, 'backups'));
    const again = await ended(callSecond, await begin(callSecond, 'shop', 'orders-db'));
    expect(again.status).toBe('success');
  });
});

describe('the sidecar does not start, and says why in one line, when', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a setting is wrong',
      { NKVM_MAX_PARALLEL: 'many' },
      /^nkvm: NKVM_MAX_PARALLEL takes a whole number of runs from 1 to 64$/,
    ],
    [
      'a setting is unknown',
      { NKVM_MAX_PARALEL: '2' },
      /^nkvm: NKVM_MAX_PARALEL is not a setting of NKVM$/,
    ],
    [
      'there is no kubeconfig',
      { NKVM_KUBECONFIG: '/nonexistent' },
      /^nkvm: the kubeconfig \/nonexistent cannot be read .*NKVM_KUBECONFIG/,
    ],
    [
      'it may not write its archives',
      { NKVM_BACKUP_DIR: '/dev/null/backups' },
      /^nkvm: NKVM_BACKUP_DIR takes a directory that NKVM may write to/,
    ],
  ])('%s', async (_, env, message) => {
    const failure = await startSidecar(env).then(
      async sidecar => (await sidecar.remove(), 'it started'),
      (error: Error) => error.message
    );
    expect(failure).toMatch(message);
    expect(failure.split('\n')).toHaveLength(1);
  });
});
