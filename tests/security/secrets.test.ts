import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLUSTER_LABEL,
  CLUSTER_SECRET_KEY,
  DESTINATION_LABEL,
  NKVM_NAMESPACE,
} from '../../sidecar/api/names.ts';
import { kubeconfigText } from '../../sidecar/src/testing/cluster/kubeconfigText.ts';
import { ended } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import type { Storage } from '../demo/storage.ts';
import { startStorage } from '../demo/storage.ts';
import { filesBelow, watchProcesses } from './support/files.ts';
import type { Json } from './support/kube.ts';
import { routesOf } from './support/routes.ts';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

/** Wrong credentials, so that the test sees every error that could name what was tried. */
const WRONG = {
  password: 'wrong-Passw0rd-pelican',
  secretAccessKey: 'wrongSecretKeyPelican0123456789',
  passphrase: 'wrong-passphrase-pelican',
  identity: `AGE-SECRET-KEY-1${'PELICAN'.repeat(8)}AB`,
};
const RESTIC_PASSWORD = 'restic-Passw0rd-pelican';
const COOKIE = 'cookie-pelican-0123456789';
/** In kubeconfigs of other clusters: one that is stored, and several that are refused. */
const KUBECONFIG = {
  'the token of a stored kubeconfig': 'stored-cluster-token-pelican',
  'the token of a kubeconfig that was tried': 'tried-cluster-token-pelican',
  'the token of a kubeconfig that was refused': 'refused-cluster-token-pelican',
  'the key of a kubeconfig': 'not-a-real-key-pelican-0123456789',
  'an argument of a program in a kubeconfig': 'argument-of-exec-pelican',
  'a password in a kubeconfig': 'kubeconfig-Passw0rd-pelican',
  'a password in the URL of a kubeconfig': 'url-Passw0rd-pelican',
};

let world: HostileWorld;
let storage: Storage;
let token: string;
let processes: ReturnType<typeof watchProcesses>;
/** Values that may not appear anywhere, by name. */
const secrets: Record<string, string> = {
  ...WRONG,
  ...KUBECONFIG,
  'the password of restic': RESTIC_PASSWORD,
  'a cookie': COOKIE,
};
/** Every object of the cluster that a helper has: seen while it was there. */
const pods = new Map<string, string>();
let stopLooking = () => undefined as void;

const json = { 'content-type': 'application/json' };
const post = (path: string, body: object): Promise<Response> =>
  world.call(`/api/v1/${path}`, token, {
    method: 'POST',
    headers: { ...json, cookie: COOKIE },
    body: JSON.stringify(body),
  });

const secretOf = (name: string, kind: string, data: Record<string, string>): object => ({
  metadata: { name, labels: { [DESTINATION_LABEL]: kind } },
  stringData: undefined,
  data: Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  ),
});

async function backUpTo(destinations: string[]): Promise<void> {
  const volumes = [{ namespace: 'secrets-team', name: 'pelican-db' }];
  const answer = await post('backups', { volumes, destinations, fresh: true });
  const started = (await answer.json()) as Json;
  expect(answer.status, started.message).toBe(202);
  await ended((path, init) => world.call(path, token, init), started.backups[0].id, 60_000);
}

/** Has kubeconfigs checked, stored and refused, each with a secret. */
async function addClusters(): Promise<void> {
  const nowhere = { server: 'https://127.0.0.1:1' };
  const tried = { token: KUBECONFIG['the token of a kubeconfig that was tried'] };
  const refused = { token: KUBECONFIG['the token of a kubeconfig that was refused'] };
  const key = Buffer.from(KUBECONFIG['the key of a kubeconfig']).toString('base64');
  secrets['the key of a kubeconfig, as it is written there'] = key;
  const user = (user: object) => kubeconfigText({ cluster: nowhere, user: { ...user } });
  const withPassword = `https://u:${KUBECONFIG['a password in the URL of a kubeconfig']}@127.0.0.1:1`;
  for (const kubeconfig of [
    user(tried),
    user({ token: undefined, 'client-certificate-data': key, 'client-key-data': key }),
    user({
      ...refused,
      exec: { command: 'sh', args: [KUBECONFIG['an argument of a program in a kubeconfig']] },
    }),
    user({ ...refused, username: 'u', password: KUBECONFIG['a password in a kubeconfig'] }),
    kubeconfigText({ cluster: { server: withPassword }, user: refused }),
    `${user(refused)}\n\t- broken`,
  ]) {
    for (const dryRun of [true, false])
      await (await post('clusters', { name: 'site-a', kubeconfig, dryRun })).text();
    const body = JSON.stringify({ kubeconfig });
    const put = { method: 'PUT', headers: json, body };
    await (await world.call('/api/v1/clusters/site-b', token, put)).text();
  }
  const stored = user({ token: KUBECONFIG['the token of a stored kubeconfig'] });
  await world.kube.create(`/api/v1/namespaces/${NKVM_NAMESPACE}/secrets`, {
    metadata: { name: 'cluster-site-b', labels: { [CLUSTER_LABEL]: 'site-b' } },
    data: { [CLUSTER_SECRET_KEY]: Buffer.from(stored).toString('base64') },
  });
  await until(
    'the stored cluster was tried',
    async () => {
      const { clusters } = await (await world.call('/api/v1/clusters', token)).json();
      return clusters.some(({ name, state }: Json) => name === 'site-b' && state === 'unreachable');
    },
    60_000
  );
}

beforeAll(async () => {
  storage = await startStorage();
  world = await hostileWorld({
    NKVM_LOG_LEVEL: 'debug',
    NKVM_CLUSTERS_ON_LOOPBACK: 'allowed',
  });
  processes = watchProcesses();
  token = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
  secrets['the token of the caller'] = token.split('.')[2] ?? '';
  await world.namespace('secrets-team');
  await world.claim('secrets-team', 'pelican-db', { 'a.txt': 'x'.repeat(200_000) });
  const list = '/api/v1/namespaces/secrets-team/pods';
  const look = async () => {
    for (const pod of (await world.kube.get(list)).items)
      pods.set(pod.metadata.name, JSON.stringify(pod));
  };
  const timer = setInterval(() => void look().catch(() => undefined), 50);
  stopLooking = () => clearInterval(timer);

  const [bucket, server] = storage.secrets as [Json, Json];
  const home = `/api/v1/namespaces/${NKVM_NAMESPACE}/secrets`;
  await world.kube.create(home, bucket);
  await world.kube.create(home, server);
  const text = (secret: Json, key: string) => Buffer.from(secret.data[key], 'base64').toString();
  const as = (secret: Json, name: string, kind: string, more: Record<string, string>) => {
    const data = Object.keys(secret.data).map(key => [key, text(secret, key)]);
    return world.kube.create(home, secretOf(name, kind, { ...Object.fromEntries(data), ...more }));
  };
  await as(bucket, 'wrong-bucket', 's3', { secretAccessKey: WRONG.secretAccessKey });
  await as(server, 'wrong-server', 'sftp', { password: WRONG.password });
  await until(
    'the destinations are known',
    async () => {
      const { destinations } = await (await world.call('/api/v1/destinations', token)).json();
      return destinations.length === 5;
    },
    20_000
  );
  await backUpTo(['local', 'bucket', 'file-server']);
  await backUpTo(['bucket']);
  for (const name of ['wrong-bucket', 'wrong-server']) await backUpTo([name]);
  for (const name of ['bucket', 'file-server', 'wrong-bucket', 'wrong-server'])
    await (await post(`destinations/${name}/check`, {})).text();
  for (const kind of ['s3', 'sftp', 'scp', 'ftp', 'ftps', 'rsync', 'restic'])
    await (
      await post('destinations/check', {
        name: `try-${kind}`,
        kind,
        settings: {
          ...{ host: '127.0.0.1', port: '1', endpoint: 'http://127.0.0.1:1', bucket: 'b' },
          ...{
            region: 'r',
            directory: '/x',
            username: 'u',
            module: 'm',
            repository: 'sftp:u@h:/x',
          },
          ...{ accessKeyId: 'A', secretAccessKey: WRONG.secretAccessKey },
          ...{ password: kind === 'restic' ? RESTIC_PASSWORD : WRONG.password },
        },
      })
    ).text();
  await addClusters();
  for (const key of [{ identity: WRONG.identity }, { passphrase: WRONG.passphrase }])
    await (await post('destinations/bucket/unlock', key)).text();
}, 300_000);
afterAll(async () => {
  stopLooking();
  processes?.stop();
  await world?.stop();
  await storage?.stop();
});

const found = (text: string | Buffer): string[] =>
  Object.entries(secrets)
    .filter(([, secret]) => secret && text.includes(secret))
    .map(([name]) => name);

/** A signed URL, or the header of a signed request. */
const SIGNED = /X-Amz-Signature=[0-9a-f]{20}|Signature=[0-9a-f]{64}/;

describe('no secret of the run is', () => {
  it('in the log, at its most verbose', () => {
    const log = JSON.stringify(world.sidecar.log);
    expect(log.length).toBeGreaterThan(2_000);
    expect(found(log)).toEqual([]);
    expect(log).not.toMatch(SIGNED);
  });

  it('in the files of the sidecar: history, journal, archives, work', () => {
    const files = filesBelow(world.sidecar.dir);
    expect(files.map(({ path }) => path).some(path => path.includes('nkvm.db'))).toBe(true);
    for (const { path, bytes } of files)
      expect([path, found(bytes), SIGNED.test(bytes.toString('latin1'))]).toEqual([
        path,
        [],
        false,
      ]);
  });

  it('in a temporary file', async () => {
    const ours = readdirSync(tmpdir()).filter(name => /^nkvm-/.test(name));
    for (const name of ours) {
      const path = join(tmpdir(), name);
      const files = path.startsWith(world.sidecar.dir) ? [] : safely(() => filesBelow(path));
      for (const file of files) expect([file.path, found(file.bytes)]).toEqual([file.path, []]);
      await nextTurn(); // else idle connections that the sidecar has closed are taken for open ones
    }
  });

  it('in the answer of any route that can be read', async () => {
    const { backups } = await (await world.call('/api/v1/backups', token)).json();
    const ids = backups.map(({ id }: Json) => id);
    expect(ids.length).toBeGreaterThan(3);
    const plain = (await routesOf(world)).filter(
      ({ method, isStream, path }) => method === 'GET' && !isStream && !path.includes('{ticket}')
    );
    const paths = plain.flatMap(({ path }) => {
      const names = path.includes('destinations') ? ['bucket', 'wrong-server'] : ['pelican-db'];
      return ids.flatMap((id: string) =>
        names.map(name =>
          path.replace('{id}', id).replace('{namespace}', 'secrets-team').replace('{name}', name)
        )
      );
    });
    for (const path of new Set(paths)) {
      const answer = await (await world.call(path, token)).text();
      expect([path, found(answer), SIGNED.test(answer)]).toEqual([path, [], false]);
    }
    expect(found(await (await world.call('/readyz')).text())).toEqual([]);
  });

  it('in an Event or another object of the cluster, Secrets apart', async () => {
    for (const kind of ['events', 'persistentvolumeclaims', 'configmaps', 'pods']) {
      const all = JSON.stringify(await world.kube.get(`/api/v1/${kind}`));
      expect([kind, found(all), SIGNED.test(all)]).toEqual([kind, [], false]);
    }
  });

  it('in the manifest of a helper pod', () => {
    expect(pods.size).toBeGreaterThan(0);
    for (const [name, pod] of pods)
      expect([name, found(pod), SIGNED.test(pod)]).toEqual([name, [], false]);
  });

  it('in a command line or environment, those of the test apart', () => {
    const seen = processes.seen();
    expect(seen.some(({ text }) => text.includes('tar'))).toBe(true);
    const told = seen.filter(({ text }) => found(text).length > 0 || SIGNED.test(text));
    expect(told.map(({ what, text }) => [what, text.slice(0, 200)])).toEqual([]);
  });
});

function safely<T>(look: () => T[]): T[] {
  try {
    return look();
  } catch {
    return []; // it has gone, or is no directory
  }
}
