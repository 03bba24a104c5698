import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Backup,
  DestinationCheck,
  DestinationKind,
  DestinationList,
} from '../../sidecar/api/index.ts';
import { KINDS } from '../../sidecar/src/destinations/kinds.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

/** A text that nothing else has. */
const planted = (of: string) => `planted-${of}-${randomBytes(9).toString('hex')}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
/** Nothing listens there. */
const SERVER = { host: '127.0.0.1', port: '9', username: 'nkvm' };
const login = (kind: string) => ({ ...SERVER, password: planted(kind), directory: '/backups' });

/** A Secret of each kind whose server does not answer. `Record`: a new kind does not compile without one. */
const SETTINGS: Record<Exclude<DestinationKind, 'local' | 'directory'>, Record<string, string>> = {
  s3: {
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    bucket: 'backups',
    accessKeyId: 'AKIAEXAMPLE',
    secretAccessKey: planted('s3'),
  },
  sftp: { ...login('sftp'), knownHosts: `SHA256:${'A'.repeat(43)}`, agePassphrase: planted('age') },
  scp: { ...login('scp'), privateKey: PEM, knownHosts: `SHA256:${'A'.repeat(43)}` },
  ftp: login('ftp'),
  ftps: login('ftps'),
  rsync: { ...SERVER, module: 'backups', password: planted('rsync') },
  restic: {
    repository: 's3:http://127.0.0.1:9/bucket',
    accessKeyId: planted('restic-id'),
    secretAccessKey: planted('restic-key'),
    password: planted('restic'),
  },
};
const KEY_LINES = PEM.split('\n').filter(line => line.length > 40);
const SECRETS = [
  ...Object.values(SETTINGS)
    .flatMap(settings => Object.values(settings))
    .flatMap(value => value.match(/planted-[\w-]+/) ?? []),
  ...KEY_LINES,
];

const secretOf = (kind: string, data: Record<string, string>, name = `to-${kind}`): Draft => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'nkvm', labels: { 'nkvm.io/destination': kind } },
  type: 'Opaque',
  stringData: data,
});
const claim: Draft = claimOf({ name: 'orders-db', namespace: 'shop' });

describe('Secrets that configure destinations', { timeout: 240_000 }, () => {
  const nas = mkdtempSync(join(tmpdir(), 'nkvm-nas-'));
  const answers: string[] = [];
  let world: Awaited<ReturnType<typeof playgroundWorld>>;
  let sidecar: Sidecar;
  let token: string;
  let api: (path: string, init?: RequestInit) => Promise<Response>;

  const ask = async <T>(path: string, body?: object): Promise<T> => {
    const answer = await sidecar.fetch(`/api/v1/${path}`, token, {
      ...(body && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await answer.text();
    answers.push(text);
    return JSON.parse(text);
  };
  const list = () => ask<DestinationList>('destinations');
  const put = (secret: Draft) =>
    api('/api/v1/namespaces/nkvm/secrets', {
      method: 'POST',
      body: JSON.stringify(secret),
      headers: { 'content-type': 'application/json' },
    });

  beforeAll(async () => {
    const objects = [
      namespaceOf('shop'),
      bindingOf('nkvm-runtime', 'shop'),
      claim,
      ...Object.entries(SETTINGS).map(([kind, data]) => secretOf(kind, data)),
    ];
    world = await playgroundWorld('admin', () => undefined, { objects, filled: [] });
    await world.sidecar.remove();
    const { playground } = world;
    const volume = await until(
      'the claim is bound',
      () => playground.volumePath('shop', 'orders-db'),
      30_000
    );
    writeFileSync(join(volume, 'file'), 'contents');
    const proxy = await playground.proxyAs('admin');
    api = (path, init) => fetch(`${proxy}${path}`, init);
    token = await adminToken(proxy);
    sidecar = await startSidecar({
      NKVM_KUBECONFIG: playground.kubeconfigFor('system:serviceaccount:nkvm:nkvm-runner'),
      NKVM_CLUSTER_NAME: 'playground',
      NKVM_LOG_LEVEL: 'debug',
    });
  }, 120_000);
  afterAll(async () => {
    await sidecar?.remove();
    await world?.stop();
    rmSync(nas, { recursive: true, force: true });
  });

  it('are destinations, each kind that this version has', async () => {
    const { destinations } = await list();
    const kinds = Object.keys(SETTINGS).filter(kind => kind in KINDS);
    const states = destinations
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ name, state, problem }) => [name, state === 'invalid' ? problem?.message : '']);
    expect(states).toEqual(kinds.map(kind => [`to-${kind}`, '']).sort());
  });

  it('take effect without a restart, and archives go there', async () => {
    mkdirSync(join(nas, 'archives'));
    expect((await put(secretOf('directory', { path: join(nas, 'archives') }, 'nas'))).ok).toBe(
      true
    );
    await until(
      'the destination is there',
      async () => (await list()).destinations.some(({ name }) => name === 'nas') || undefined,
      10_000
    );
    expect(await ask<DestinationCheck>('destinations/nas/check', {})).toMatchObject({
      passed: true,
    });
    const run = await backUp(['nas']);
    expect(run).toMatchObject({
      status: 'success',
      copies: [{ destination: 'nas', state: 'present' }],
    });
    expect(
      readdirSync(join(nas, 'archives')).filter(name => name.endsWith('.tar.gz'))
    ).toHaveLength(1);
  });

  it('are shown nowhere: history, log, answers, Events, metrics, pods', async () => {
    const names = Object.keys(SETTINGS)
      .filter(kind => kind in KINDS)
      .map(kind => `to-${kind}`);
    for (const name of names) {
      await ask(`destinations/${name}/check`, {});
      await ask(`destinations/${name}/append-only`, {});
      await ask(`destinations/${name}`);
      await ask(`destinations/${name}/recovery-kit`);
    }
    for (const [kind, settings] of Object.entries(SETTINGS)) {
      await ask('destinations/check', {
        name: 'new',
        kind,
        settings: { ...settings, unknown: 'x' },
      });
      await ask('destinations/check', {
        name: 'new',
        kind,
        settings: { ...settings, port: planted('x') },
      });
    }
    await backUp(names.slice(0, 8));
    await list();
    await ask('backups');
    const host = `http://127.0.0.1:${sidecar.port}`;
    expect(answers.some(text => text.includes('backup-helper'))).toBe(true);
    const metrics = await (
      await fetch(`${host}/metrics`, { headers: { authorization: `Bearer ${token}` } })
    ).text();
    const ready = await (await fetch(`${host}/readyz`)).text();
    const events = await (await api('/api/v1/events')).text();
    const pods = await (await api('/api/v1/pods')).text();
    const files = readdirSync(sidecar.dir, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && !entry.name.endsWith('.gz'))
      .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    const seen = {
      ...{ metrics, ready, events, pods, files: files.join('\n') },
      answers: answers.join('\n'),
      log: JSON.stringify(sidecar.log),
    };
    for (const [place, text] of Object.entries(seen)) {
      expect(text.length, place).toBeGreaterThan(0);
      for (const secret of SECRETS) {
        const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
        const found = forms.filter(form => text.includes(form));
        expect({ place, found }).toEqual({ place, found: [] });
      }
    }
  });

  /** @returns the run when it has ended, or waits because its destinations are unavailable. */
  async function backUp(destinations: string[]): Promise<Backup> {
    const { backups } = await ask<{ backups: Backup[] }>('backups', {
      volumes: [{ namespace: 'shop', name: 'orders-db' }],
      destinations,
      fresh: true,
    });
    const id = backups[0]?.id ?? '';
    return await until(
      `run ${id} has ended, or waits`,
      async () => {
        answers.push(await (await api('/api/v1/namespaces/shop/pods')).text()); // helpers do not stay
        const run = await ask<Backup>(`backups/${id}`);
        return run.endedAt || run.retryAt ? run : undefined;
      },
      120_000
    );
  }
});
