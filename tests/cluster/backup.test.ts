import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { run } from './machine/run.ts';
import type { Call } from './support/backups.ts';
import { backUp, ended, read, start } from './support/backups.ts';
import { getJson, kubeconfigPath, kubectl } from './support/kubectl.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { verifyPod } from './support/verify-pod.ts';

let proxy: ServiceProxy;
let call: Call;

beforeAll(async () => {
  proxy = await apiThroughServiceProxy();
  const admin = token();
  call = (path, init) => proxy.fetch(path, admin, init);
});
afterAll(() => proxy?.stop());

/** Runs a shell line in the sidecar's own pod, as an operator would. */
const inSidecar = (line: string): string =>
  kubectl(['exec', '--namespace=nkvm', 'deployment/nkvm', '--', 'sh', '-c', line]);

const helpers = () =>
  getJson<{ items: { metadata: { name: string } }[] }>(
    'pods',
    '--all-namespaces',
    '--selector=app.kubernetes.io/component=backup-helper'
  ).items.map(({ metadata }) => metadata.name);

describe('a backup of shop/orders-db through the service proxy', () => {
  let backup: Backup;

  it('runs to a proven archive and leaves no helper', async () => {
    const { status, run } = await start(call, 'shop', 'orders-db');
    expect(status).toBe(202);
    expect(run).toMatchObject({ namespace: 'shop', name: 'orders-db' });
    await until(
      'its helper is there',
      () => helpers().includes(`nkvm-backup-${run?.id}-1`),
      20_000
    );
    backup = await ended(call, run?.id ?? '');
    expect(backup).toMatchObject({ status: 'success', reason: null, stage: 'cleanup' });
    expect(backup).toMatchObject({
      transport: 'push',
      transportReason: expect.stringMatching(/^the helper pod reached NKVM at \S+:8444$/),
    });
    expect(backup.archive).toMatch(/__shop__orders-db__\d{8}T\d{6}Z__.*\.tar\.gz$/);
    expect(helpers()).toEqual([]);
  });

  it('is told by an Event on the claim, as kubectl describe shows it', async () => {
    const told = await until(
      'the Event is there',
      () =>
        kubectl(['describe', 'pvc', 'orders-db', '--namespace=shop'])
          .split('\n')
          .find(line => line.includes(`(run ${backup.id})`)),
      20_000
    );
    expect(told).toMatch(/BackupSucceeded .* nkvm .*Backed up: .* as .*__shop__orders-db__/);
  });

  it('is in the history soon, as sqlite3 reads it', async () => {
    const newest = () =>
      inSidecar(
        'sqlite3 "$NKVM_METADATA_DB_PATH" "SELECT namespace, pvc_name, status, created_at, backup_path FROM backup_history ORDER BY created_at DESC LIMIT 20;"'
      ).split('\n')[0];
    const row = `shop|orders-db|success|${backup.createdAt}|${backup.archive}`;
    await until('the history file has the run', () => newest() === row, 20_000);
    expect(inSidecar('sqlite3 "$NKVM_METADATA_DB_PATH" "PRAGMA integrity_check;"').trim()).toBe(
      'ok'
    );
  });

  it('lies in the backup directory with the checksum that the history holds', () => {
    expect(inSidecar('ls -lh "$NKVM_BACKUP_DIR"/*.tar.gz')).toContain(backup.archive);
    const stored = inSidecar(
      `sqlite3 "$NKVM_METADATA_DB_PATH" "SELECT checksum_sha256 FROM backup_history WHERE id = '${backup.id}';"`
    ).trim();
    expect(inSidecar(`sha256sum ${backup.archive}`).split(' ')[0]).toBe(stored);
    expect(stored).toBe(backup.sha256);
    expect(inSidecar(`ls -A "$NKVM_BACKUP_DIR" | grep -c '^\\.tmp' || true`).trim()).toBe('0');
  });

  it('is listed by tar, entry by entry', () => {
    const entries = inSidecar(`tar tzf ${backup.archive} | wc -l`);
    expect(Number(entries)).toBe(backup.seal?.files);
    expect(Number(entries)).toBeGreaterThan(2000);
  });

  it('is restored by tar alone to the very same tree', () => {
    const pod = verifyPod('shop', 'orders-db');
    onTestFinished(() => pod.remove());
    const kube = `kubectl --kubeconfig=${kubeconfigPath()}`;
    const restore = (backup.restoreCommand ?? '').replace(/--file=\S+/, '--file=-');
    run('sh', [
      '-c',
      `${kube} exec -n nkvm deployment/nkvm -- cat ${backup.archive} | ` +
        `${kube} exec -i -n shop verify-orders-db -- sh -c 'cd /restored && ${restore.replaceAll(
          "'",
          `'\\''`
        )}'`,
    ]);
    const original = pod.listing('/volume');
    expect(original.split('\n').length).toBeGreaterThan(4000);
    expect(pod.listing('/restored')).toBe(original);
  });

  it('is told as it goes, by server-sent events', async () => {
    const { run } = await start(call, 'shop', 'orders-db');
    const answer = await call(`/api/v1/backups/${run?.id}/events`);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const states = [...(await answer.text()).matchAll(/^data: (.*)$/gm)].map(
      ([, json]) => JSON.parse(json ?? '') as Backup
    );
    expect(states.length).toBeGreaterThan(3);
    expect(states.map(({ stage }) => stage)).toContain('wait');
    expect(states.at(-1)).toMatchObject({ id: run?.id, status: 'success' });
  });
});

describe('several volumes', () => {
  it('run side by side, and one that is asked for twice runs once', async () => {
    const answer = await call('/api/v1/backups', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        volumes: [
          { namespace: 'shop', name: 'data-catalog-0' },
          { namespace: 'shop', name: 'data-catalog-1' },
          { namespace: 'shop', name: 'data-catalog-0' },
        ],
      }),
    });
    const { backups } = (await answer.json()) as { backups: [Backup, Backup, Backup] };
    expect(backups[2].id).toBe(backups[0].id);
    const [first, second] = await Promise.all([
      ended(call, backups[0].id),
      ended(call, backups[1].id),
    ]);
    expect([first.status, second.status]).toEqual(['success', 'success']);
    expect(first.startedAt && second.endedAt && first.startedAt < second.endedAt).toBe(true);
    expect(second.startedAt && first.endedAt && second.startedAt < first.endedAt).toBe(true);
  });

  it.each(['debug-notes', 'data-archive-0', 'old-exports', 'media', 'reports'])(
    'whoever owns them: shop/%s',
    async name => {
      expect(await backUp(call, 'shop', name)).toMatchObject({ status: 'success' });
    }
  );
});

describe('a running backup', () => {
  it('is cancelled in the middle of its stream, and leaves nothing', async () => {
    const before = inSidecar('ls -A "$NKVM_BACKUP_DIR"');
    const { run } = await start(call, 'billing', 'statements');
    const id = run?.id ?? '';
    await until('bytes flow', async () => ((await read(call, id)).bytes ?? 0) > 1e6, 30_000);
    const answer = await call(`/api/v1/backups/${id}/cancel`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ status: 'cancelled', archive: null });
    expect(inSidecar('ls -A "$NKVM_BACKUP_DIR"')).toBe(before);
    expect(helpers()).toEqual([]);
  });

  it(
    'is tried again when its helper is deleted, and leaves nothing of the first attempt',
    { timeout: 900_000 },
    async () => {
      const { run } = await start(call, 'billing', 'statements');
      const id = run?.id ?? '';
      await until('bytes flow', async () => ((await read(call, id)).bytes ?? 0) > 1e6, 30_000);
      kubectl(['delete', 'pod', `nkvm-backup-${id}-1`, '--namespace=billing', '--now']);
      const waiting = await until(
        'it waits for its second attempt',
        async () => {
          const seen = await read(call, id);
          return seen.attempt === 2 ? seen : undefined;
        },
        30_000
      );
      expect(waiting).toMatchObject({ status: 'queued', stage: 'copy', reason: 'HelperGone' });
      expect(waiting.message).toMatch(
        /^attempt 1 of 3 failed: .*deleted by another client than NKVM/
      );
      const success = await ended(call, id, 150_000);
      expect(success).toMatchObject({ status: 'success', attempt: 2, reason: null });
      const files = inSidecar('ls -A "$NKVM_BACKUP_DIR"').split('\n');
      // Archive, index and manifest.
      expect(files.filter(name => name.includes(id) || name.startsWith('.tmp'))).toHaveLength(3);
      expect(helpers()).toEqual([]);
    }
  );
});

describe('what cannot be backed up', () => {
  it.each<[string, string, string, number, string, RegExp]>([
    ['an unknown namespace', 'nowhere', 'x', 404, 'NamespaceNotFound', /kubectl get namespaces/],
    ['an unknown claim', 'shop', 'x', 404, 'ClaimNotFound', /kubectl get pvc -n shop/],
    ['a claim that was never bound', 'shop', 'not-yet-used', 409, 'ClaimNotBound', /start a pod/i],
    ['a block device', 'billing', 'raw-disk', 422, 'BlockVolume', /raw block device/],
    ['a ReadWriteOncePod claim in use', 'billing', 'ledger', 409, 'ClaimInUse', /stop that pod/i],
    [
      'a namespace in which backups are not allowed',
      'locked',
      'vault-data',
      409,
      'NamespaceNotOpen',
      /kubectl create rolebinding nkvm-runtime -n locked --clusterrole nkvm-runtime --serviceaccount nkvm:nkvm-runner/,
    ],
  ])('%s is refused at once', async (_, namespace, name, status, reason, message) => {
    const answer = await start(call, namespace, name);
    expect(answer).toMatchObject({
      status,
      problem: { reason, status, message: expect.stringMatching(message) },
    });
    expect(helpers()).toEqual([]);
  });
});

describe('the API', () => {
  it('tells who may not, by the name of the right', async () => {
    const namespace = 'shop';
    kubectl(['create', 'serviceaccount', 'visitor', `--namespace=${namespace}`]);
    onTestFinished(
      () => void kubectl(['delete', 'serviceaccount', 'visitor', `--namespace=${namespace}`])
    );
    const visitor = token('visitor', namespace);
    const asVisitor: Call = (path, init) => proxy.fetch(path, visitor, init);
    expect(await start(asVisitor, 'shop', 'orders-db')).toMatchObject({
      status: 403,
      problem: {
        detail:
          'system:serviceaccount:shop:visitor may not create persistentvolumeclaims/backup of orders-db in namespace shop',
      },
    });
    kubectl([
      'create',
      'rolebinding',
      'visitor-backups',
      `--namespace=${namespace}`,
      '--clusterrole=nkvm-operator',
      '--serviceaccount=shop:visitor',
    ]);
    onTestFinished(
      () => void kubectl(['delete', 'rolebinding', 'visitor-backups', `--namespace=${namespace}`])
    );
    const answer = await until(
      'the right counts',
      async () => {
        const tried = await start(asVisitor, 'shop', 'debug-notes');
        return tried.run;
      },
      20_000
    );
    expect(await ended(asVisitor, answer.id)).toMatchObject({
      status: 'success',
      requestedBy: expect.stringMatching(/^system:serviceaccount:shop:visitor \(JTI=/),
    });
    expect(await start(asVisitor, 'billing', 'statements')).toMatchObject({ status: 403 });
  });

  it('refuses a token that was made for somebody else', async () => {
    const wrong = token('nkvm-admin', 'nkvm', 'another');
    expect((await proxy.fetch('/api/v1/volumes', wrong)).status).toBe(401);
    expect((await proxy.fetch('/api/v1/volumes')).status).toBe(401);
  });

  it('reports the archive’s own hash', async () => {
    const run = await backUp(call, 'shop', 'debug-notes');
    const archive = kubectl([
      'exec',
      '--namespace=nkvm',
      'deployment/nkvm',
      '--',
      'base64',
      '-w0',
      run.archive ?? '',
    ]);
    expect(createHash('sha256').update(Buffer.from(archive, 'base64')).digest('hex')).toBe(
      run.sha256
    );
  });
});
