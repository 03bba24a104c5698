import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Backup, Check, Problem, StartDrill, Upload } from '../../sidecar/api/index.ts';
import {
  allowRestoresCommand,
  openNamespaceCommand,
  SERVICE_PROXY_PATH,
} from '../../sidecar/api/names.ts';
import type { HandmadeEntry } from '../../sidecar/src/testing/archive/handmadeTar.ts';
import { tarEntries, tarOf } from '../../sidecar/src/testing/archive/handmadeTar.ts';
import { run } from './machine/run.ts';
import type { Call } from './support/backups.ts';
import { backUp, read } from './support/backups.ts';
import { getJson, kubeconfigPath, kubectl } from './support/kubectl.ts';
import { restore, restoreEnded, startRestore } from './support/restores.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { IMAGE, verifyPod } from './support/verify-pod.ts';

const NAMESPACE = 'restore-proof';
const here = `--namespace=${NAMESPACE}`;

let proxy: ServiceProxy;
let call: Call;
let backup: Backup;

/** Runs a command of the documents as somebody pastes it. */
const paste = (command: string): void =>
  void run('sh', ['-c', command.replace(/^kubectl/, `kubectl --kubeconfig=${kubeconfigPath()}`)]);

/** Writes a volume with a pod, and lets it go. */
const FILL = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: ${NAMESPACE}}
spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: fill, namespace: ${NAMESPACE}}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: ${IMAGE}
    imagePullPolicy: IfNotPresent
    securityContext: {runAsUser: 0}
    command:
    - sh
    - -c
    - cd /data; mkdir -p folder/deep; echo precious > orders; head -c 3000000 /dev/urandom > folder/big;
      echo deep > folder/deep/file; ln orders folder/orders; ln -s ../orders folder/link; chmod 4711 folder/deep/file
    volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`;

beforeAll(async () => {
  proxy = await apiThroughServiceProxy();
  const admin = token();
  call = (path, init) => proxy.fetch(path, admin, init);
  kubectl(['create', 'namespace', NAMESPACE]);
  paste(openNamespaceCommand(NAMESPACE));
  paste(allowRestoresCommand(NAMESPACE));
  kubectl(['apply', '--filename=-'], FILL);
  kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/fill', here, '--timeout=180s']);
  kubectl(['delete', 'pod', 'fill', here, '--wait=true']);
  backup = await until('it is backed up', () => backUp(call, NAMESPACE, 'data'), 60_000);
  expect(backup).toMatchObject({ status: 'success' });
});
afterAll(async () => {
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
  await proxy?.stop();
});

const namesOf = (kind: string): string[] =>
  getJson<{ items: { metadata: { name: string } }[] }>(kind, here).items.map(
    ({ metadata }) => metadata.name
  );
/** Nothing of a restore or a drill is in the namespace. */
const nothingStays = async (): Promise<void> => {
  await until('no pod is left', () => namesOf('pods').length === 0, 60_000);
  expect(namesOf('pvc')).toEqual(['data']);
};

async function checked(path: 'verify' | 'drill', request: StartDrill = {}): Promise<Check> {
  // A right that was just given counts a moment later.
  const check = await until(
    `a ${path} is taken`,
    async () => {
      const answer = await call(`/api/v1/backups/${backup.id}/${path}`, {
        method: 'POST',
        ...(path === 'drill' && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request),
        }),
      });
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.message);
      return body.check as Check;
    },
    60_000
  );
  return await until(
    `${path} of ${backup.id} has ended`,
    async () => {
      const seen = (await (await call(`/api/v1/checks/${check.id}`)).json()) as Check;
      return seen.endedAt === null ? undefined : seen;
    },
    120_000
  );
}

describe('a drill', () => {
  it('passes, leaves nothing, and is what “proven restorable” says', async () => {
    expect(await checked('drill')).toMatchObject({
      status: 'success',
      warnings: [],
      comparison: { differences: 0, notRestored: [] },
    });
    await nothingStays();
    expect((await read(call, backup.id)).provenRestorableAt).not.toBeNull();
    await until(
      'the scratch volume is gone',
      () => !kubectl(['get', 'pv', '--output=name']).includes('nkvm-drill'),
      30_000
    );
  });

  it('runs no command of somebody who may not create pods, and names what allows it', async () => {
    const refused = await call(`/api/v1/backups/${backup.id}/drill`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ image: IMAGE, command: ['true'] }),
    });
    expect(refused.status).toBe(403);
    const { hint } = (await refused.json()) as Problem;
    const allow = /kubectl create rolebinding .*/.exec(hint)?.[0] ?? '';
    expect(allow).toContain(`-n ${NAMESPACE} --clusterrole edit`);
    paste(allow);
  });

  it('runs a command that sees the data, and may change nothing', async () => {
    const script =
      'grep precious /volume/orders && ! touch /volume/mine 2>/dev/null && ! ls /var/run/secrets/kubernetes.io 2>/dev/null && id -u';
    const end = await checked('drill', { image: IMAGE, command: ['sh', '-c', script] });
    expect(end).toMatchObject({ status: 'success', output: expect.stringMatching(/^precious\n/) });
    await nothingStays();
  });

  it('fails when the command does, with its output, and tells it on the claim', async () => {
    const command = ['sh', '-c', 'test -s /volume/ledger || { echo no ledger; exit 3; }'];
    expect(await checked('drill', { image: IMAGE, command })).toMatchObject({
      status: 'failed',
      reason: 'DrillCheckFailed',
      message: expect.stringContaining('exit code 3'),
      output: expect.stringContaining('no ledger'),
      comparison: { differences: 0 },
    });
    await nothingStays();
    await until(
      'there is an Event',
      () => kubectl(['get', 'events', here]).includes('RestoreDrillFailed'),
      20_000
    );
  });
});

describe('a verification', () => {
  /** Changes one byte of the archive, in the middle. */
  const change = (from: string, to: string): string =>
    kubectl([
      ...['exec', 'deployment/nkvm', '--namespace=nkvm', '--', 'sh', '-c'],
      `cd /var/lib/nkvm/backups && at=$(($(stat -c %s "$0") / 2)) &&
       dd if="$0" bs=1 skip=$at count=1 status=none | tr '${from}' '${to}' | dd of="$0" bs=1 seek=$at conv=notrunc status=none`,
      backup.archive ?? '',
    ]);
  const ALL = '\\000-\\377';
  const NEXT = '\\001-\\377\\000';

  it('passes where the archive is as it was', async () => {
    expect(await checked('verify')).toMatchObject({ status: 'success' });
  });

  it('finds one byte that has changed, and a restore refuses it before it makes anything', async () => {
    change(ALL, NEXT);
    onTestFinished(() => void change(NEXT, ALL));
    const { status, reason } = await checked('verify');
    expect(status).toBe('failed');
    // Where the change breaks the compression, that is noticed first.
    expect(reason).toMatch(/^Archive(Differs|Broken)$/);
    const target = { namespace: NAMESPACE, name: 'copy', mode: 'new' };
    // A small archive is read for the plan; a big one by the restore, before it makes the claim.
    const { restore: begun, problem } = await startRestore(call, { backup: backup.id, target });
    const end = begun ? await restoreEnded(call, begun.id) : undefined;
    expect(end?.status).not.toBe('success');
    expect(end?.reason ?? problem?.reason).toMatch(/^Archive(Differs|Broken)$/);
    await nothingStays();
  });

  it('passes again where the byte is back', async () => {
    expect(await checked('verify')).toMatchObject({ status: 'success' });
  });
});

/** Gets what a ticket is for, as a browser does: without any token. */
async function download(paths: string[]): Promise<{ bytes: Buffer; again(): Promise<number> }> {
  const answer = await call(`/api/v1/backups/${backup.id}/downloads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paths }),
  });
  const { path } = (await answer.json()) as { path: string };
  const url = proxy.origin + SERVICE_PROXY_PATH + path;
  const got = await fetch(url);
  expect(got.status).toBe(200);
  return {
    bytes: Buffer.from(await got.arrayBuffer()),
    again: async () => (await fetch(url)).status,
  };
}

const upload = async (body: Buffer): Promise<{ upload?: Upload; problem?: Problem }> => {
  const answer = await call(`/api/v1/uploads?namespace=${NAMESPACE}`, {
    method: 'POST',
    headers: { 'content-type': 'application/gzip' },
    body: new Uint8Array(body),
  });
  const said = await answer.json();
  return answer.ok ? { upload: said as Upload } : { problem: said as Problem };
};
const forget = async (id: string): Promise<void> => {
  await until(
    `upload ${id} is deleted`,
    async () => (await call(`/api/v1/uploads/${id}`, { method: 'DELETE' })).ok,
    20_000
  );
};

describe('through the API server’s service proxy', () => {
  it('a file, a folder and the archive are downloaded, each once', async () => {
    const file = await download(['folder/deep/file']);
    expect(file.bytes.toString()).toBe('deep\n');
    expect(await file.again()).toBe(404);
    const folder = await download(['folder/deep']);
    const names = execFileSync('tar', ['-tzf', '-'], { input: folder.bytes }).toString();
    expect(names.trim().split('\n')).toEqual(['./folder/deep/', './folder/deep/file']);
    const all = await download([]);
    const sha256 = createHash('sha256').update(all.bytes).digest('hex');
    expect(sha256).toBe((await read(call, backup.id)).copies[0]?.sha256);
  });

  it('the archive is uploaded again, restored, and an independent comparison finds no difference', async () => {
    const { bytes } = await download([]);
    const { upload: sent, problem } = await upload(bytes);
    if (!sent) throw new Error(problem?.message);
    onTestFinished(() => forget(sent.id));
    const end = await restore(call, {
      backup: `upload:${sent.id}`,
      target: {
        namespace: NAMESPACE,
        name: 'copy',
        mode: 'new',
        size: '1Gi',
        storageClass: 'fast',
      },
    });
    expect(end).toMatchObject({ status: 'success', comparison: { differences: 0 } });
    const pods = [verifyPod(NAMESPACE, 'data'), verifyPod(NAMESPACE, 'copy')];
    try {
      const [before, after] = pods.map(pod => pod.listing('/volume'));
      expect(before).toContain('./folder/deep/file');
      expect(after).toBe(before);
    } finally {
      pods.forEach(pod => pod.remove());
      kubectl(['delete', 'pvc', 'copy', here, '--wait=true']);
    }
  });
});

const root: HandmadeEntry = { name: './', flag: '5', mode: 0o755 };
const file = (name: string, more: Partial<HandmadeEntry> = {}): HandmadeEntry => ({
  ...{ name, body: 'new', ...more },
});
const archiveOf = (...entries: HandmadeEntry[]): Buffer => gzipSync(tarOf(root, ...entries));
const whole = archiveOf(file('./a', { body: 'x'.repeat(100_000) }));

describe('an archive of somebody who means harm', () => {
  it.each<[string, Buffer]>([
    ['goes upwards', archiveOf(file('../../tmp/nkvm-was-here'))],
    ['is absolute', archiveOf(file('/tmp/nkvm-was-here'))],
    [
      'is written through a symbolic link',
      archiveOf({ name: './link', flag: '2', target: '/tmp' }, file('./link/nkvm-was-here')),
    ],
    [
      'has a hard link that leads out',
      archiveOf({ name: './passwd', flag: '1', target: '../../etc/passwd' }),
    ],
    [
      'has a hard link to a symbolic link that leads out',
      archiveOf(
        { name: './a', flag: '2', target: '/etc' },
        { name: './b', flag: '1', target: './a' },
        file('./b/nkvm-was-here')
      ),
    ],
    ['is cut', whole.subarray(0, whole.length - 30)],
    ['has a tar that ends in the middle', gzipSync(tarEntries(root, file('./a')))],
    ['has something behind its end', Buffer.concat([whole, gzipSync(tarEntries(file('./b')))])],
    ['is no gzip', Buffer.from('PK\u0003\u0004 a zip'.repeat(100))],
    [
      'says that a file has 8 exabytes',
      archiveOf(file('./a', { pax: [['size', `${2n ** 63n - 1n}`]] })),
    ],
    [
      'has a header without an end',
      gzipSync(tarEntries(root, { name: 'x', flag: 'x', body: '99999999 path=a\n' })),
    ],
  ])('%s: nothing is restored, and the message is clear', async (_, body) => {
    const { upload: sent, problem } = await upload(body);
    if (problem) {
      expect(problem).toMatchObject({ reason: 'UploadBroken', hint: expect.any(String) });
    }
    if (sent) {
      try {
        const target = {
          namespace: NAMESPACE,
          name: 'bad',
          mode: 'new',
          size: '1Gi',
          storageClass: 'fast',
        };
        const { restore: begun, problem } = await startRestore(call, {
          backup: `upload:${sent.id}`,
          target,
        });
        if (begun) {
          const end = await restoreEnded(call, begun.id);
          expect(end).toMatchObject({
            status: 'failed',
            stage: expect.stringMatching(/exec|checksum/),
          });
          expect(end.message).toMatch(/; the new claim restore-proof\/bad was deleted$/);
        } else expect(problem?.reason).toMatch(/Archive/);
      } finally {
        await forget(sent.id);
      }
    }
    await nothingStays();
  });

  it('the sidecar and the nodes have survived all of that', () => {
    const { items } = getJson<{
      items: { status: { containerStatuses: { restartCount: number }[] } }[];
    }>('pods', '--namespace=nkvm', '--selector=app.kubernetes.io/name=nkvm');
    expect(items[0]?.status.containerStatuses.map(({ restartCount }) => restartCount)).toEqual([0]);
  });

  it('of another world keeps what can be kept, and names the rest by its kind and number', async () => {
    const xattr = (name: string, value: string): [string, string] => [
      `SCHILY.xattr.${name}`,
      value,
    ];
    const body = archiveOf(
      file('./label', {
        pax: [xattr('security.selinux', 'system_u:object_r:container_file_t:s0\0')],
      }),
      file('./marked', { pax: [xattr('trusted.overlay.opaque', 'y')] }),
      file('./nfs', { pax: [xattr('system.nfs4_acl', '\0\0\0\u0001')] }),
      file('./kept', { pax: [xattr('user.note', 'kept')] })
    );
    const { upload: sent, problem } = await upload(body);
    if (!sent) throw new Error(problem?.message);
    onTestFinished(() => forget(sent.id));
    const target = {
      namespace: NAMESPACE,
      name: 'other',
      mode: 'new',
      size: '1Gi',
      storageClass: 'fast',
    };
    const end = await restore(call, { backup: `upload:${sent.id}`, target });
    onTestFinished(() => void kubectl(['delete', 'pvc', 'other', here, '--wait=true']));
    expect(end).toMatchObject({ status: 'success', comparison: { differences: 0 } });
    const left = end.comparison?.notRestored.map(({ kind, count, names }) => [kind, count, names]);
    expect(left).toEqual(
      expect.arrayContaining([
        ['selinux', 1, ['label']],
        ['xattr', 1, ['marked']],
        ['acl', 1, ['nfs']],
      ])
    );
    expect(end.warnings.join()).toContain('could not be restored here');
    const pod = verifyPod(NAMESPACE, 'other');
    try {
      expect(pod.sh('getfattr --only-values -n user.note /volume/kept')).toBe('kept');
    } finally {
      pod.remove();
    }
  });
});

it('unpacks what was downloaded with tar alone', async () => {
  const { bytes } = await download(['folder']);
  expect(
    execFileSync('tar', ['-xOf', '-', './folder/deep/file'], {
      input: gunzipSync(bytes),
    }).toString()
  ).toBe('deep\n');
});
