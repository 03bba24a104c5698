import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DESTINATION_LABEL } from '../../sidecar/api/names.ts';
import type { Call } from './support/backups.ts';
import { ended, start } from './support/backups.ts';
import { MANIFESTS } from './support/deploy.ts';
import { getJson, kubectl } from './support/kubectl.ts';
import { labelledApp, listingOf } from './support/labelledApp.ts';
import { policiesCount } from './support/policiesCount.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

const ZERO_TOUCH = join(MANIFESTS, 'zero-touch');
const CLASSES = ['fast', 'immediate'] as const;
/** Names that no earlier run of this suite has used: NKVM still has its backups, and would restore them. */
const spaceOf = (name: string): string => `zero-touch-${name}-${process.pid}`;
/** A directory of the volume of NKVM that is missing for a while. */
const PLACE = 'zero-touch-place';
const DIRECTORY = `/var/lib/nkvm/${PLACE}`;

interface Claim {
  metadata: { name: string; uid: string; annotations?: Record<string, string> };
  spec: { dataSourceRef?: { kind: string; name: string }; volumeName?: string };
  status: { phase: string };
}
interface BackupRestore {
  status?: { state: string; conditions: { type: string; status: string; reason: string }[] };
}

let proxy: ServiceProxy;
let call: Call;

const apply = (text: string): void => void kubectl(['apply', '--filename=-'], text);
const inSidecar = (line: string): string =>
  kubectl(['exec', '--namespace=nkvm', 'deployment/nkvm', '--', 'sh', '-c', line]);

const claimOf = (namespace: string, name: string): Claim =>
  getJson<Claim>('persistentvolumeclaim', name, `--namespace=${namespace}`);
const restoreOf = (namespace: string, name: string): BackupRestore =>
  getJson<BackupRestore>('backuprestore', name, `--namespace=${namespace}`);
const eventsOf = (namespace: string, name: string): { reason: string; message: string }[] =>
  getJson<{ items: { reason: string; message: string }[] }>(
    'events',
    `--namespace=${namespace}`,
    `--field-selector=involvedObject.name=${name}`
  ).items;
const rolledOut = (namespace: string): void =>
  void kubectl(['rollout', 'status', 'sts/db', `--namespace=${namespace}`, '--timeout=400s']);
const deleted = (namespace: string): void =>
  void kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=400s']);
const fillings = (): string[] =>
  getJson<{ items: Claim[] }>('pvc', '--namespace=nkvm-restores').items.map(
    ({ metadata }) => metadata.name
  );

async function backedUp(namespace: string, claims: string[], destinations?: string[]) {
  for (const name of claims) {
    const run = await until(
      `a backup of ${name} is taken`,
      async () => {
        const taken = await start(call, namespace, name, { ...(destinations && { destinations }) });
        if (!taken.run) throw new Error(taken.problem?.message);
        return taken.run;
      },
      30_000
    );
    expect(await ended(call, run.id)).toMatchObject({ status: 'success' });
  }
}

/** Waits until claims are bound by NKVM, and nothing of NKVM is left beside them. */
async function handedOver(namespace: string, claims: string[], note: string): Promise<void> {
  for (const name of claims) {
    const { metadata } = claimOf(namespace, name);
    expect(metadata.annotations, name).toHaveProperty([note]);
    await until(
      `the BackupRestore of ${name} is Ready`,
      () =>
        restoreOf(namespace, name).status?.conditions.some(
          ({ type, status }) => type === 'Ready' && status === 'True'
        ),
      30_000
    );
  }
  await until('no filling is left', () => fillings().length === 0, 90_000);
}

beforeAll(async () => {
  kubectl(['apply', '--kustomize', ZERO_TOUCH]);
  await policiesCount();
  proxy = await apiThroughServiceProxy();
  const admin = token();
  call = (path, init) => proxy.fetch(path, admin, init);
});
afterAll(() => {
  proxy?.stop();
  kubectl(['delete', 'secret', PLACE, '--namespace=nkvm', '--ignore-not-found']);
  for (const name of [...CLASSES, 'away'].map(spaceOf)) {
    kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false']);
  }
  kubectl(['delete', '--kustomize', ZERO_TOUCH, '--ignore-not-found', '--timeout=400s']);
});

const CLAIMS = ['data-db-0', 'data-db-1'];

describe.each(CLASSES)('a StatefulSet on class %s', storageClass => {
  const namespace = spaceOf(storageClass);
  const before: Record<string, string> = {};

  it('starts empty when every destination says that there is no backup', async () => {
    apply(labelledApp(namespace, storageClass));
    rolledOut(namespace);
    await handedOver(namespace, CLAIMS, 'nkvm.io/started-empty');
    for (const pod of ['db-0', 'db-1']) before[pod] = listingOf(namespace, pod);
    await backedUp(namespace, CLAIMS);
  });

  it('is back with its data, byte for byte, when the same manifest is applied after the namespace was deleted', async () => {
    deleted(namespace);
    apply(labelledApp(namespace, storageClass));
    rolledOut(namespace);
    for (const pod of ['db-0', 'db-1']) expect(listingOf(namespace, pod)).toBe(before[pod]);
    await handedOver(namespace, CLAIMS, 'nkvm.io/restored-from');
    expect(eventsOf(namespace, 'data-db-0').map(({ reason }) => reason)).toContain(
      'RestoreSucceeded'
    );
  });
});

it('waits with an Event and without a pod while the destination is away, and recovers by itself', async () => {
  const namespace = spaceOf('away');
  inSidecar(`rm -rf ${DIRECTORY} ${DIRECTORY}.away && mkdir ${DIRECTORY}`);
  const metadata = { name: PLACE, namespace: 'nkvm', labels: { [DESTINATION_LABEL]: 'directory' } };
  const stringData = { path: DIRECTORY };
  apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }));
  await until(
    'the destination is known',
    async () => (await call(`/api/v1/destinations/${PLACE}`)).ok,
    20_000
  );
  apply(labelledApp(namespace, 'immediate', { replicas: 4 }));
  rolledOut(namespace);
  const claims = ['data-db-0', 'data-db-1', 'data-db-2', 'data-db-3'];
  const before = listingOf(namespace, 'db-3');
  await backedUp(namespace, claims, [PLACE]);
  deleted(namespace);

  inSidecar(`mv ${DIRECTORY} ${DIRECTORY}.away`);
  apply(labelledApp(namespace, 'immediate', { replicas: 4 }));
  for (const name of claims) {
    await until(
      `${name} has an Event`,
      () => eventsOf(namespace, name).some(({ message }) => message.includes(PLACE)),
      60_000
    );
    // A restore that began before the destination was known to be away ends first.
    await until(
      `${name} waits`,
      () => restoreOf(namespace, name).status?.state === 'waiting',
      60_000
    );
    expect(claimOf(namespace, name)).toMatchObject({ status: { phase: 'Pending' } });
  }
  const pods = getJson<{ items: { status: { phase: string } }[] }>('pods', `-n=${namespace}`).items;
  expect(pods.map(({ status }) => status.phase)).toEqual(Array(4).fill('Pending'));

  inSidecar(`mv ${DIRECTORY}.away ${DIRECTORY}`);
  rolledOut(namespace);
  expect(listingOf(namespace, 'db-3')).toBe(before);
  await handedOver(namespace, claims, 'nkvm.io/restored-from');
});

it('adds a source to claims with the label only, and never to those that have one or are made by NKVM', async () => {
  const namespace = spaceOf('fast');
  const made = (name: string, labels: object, more: object = {}, spec: object = {}): boolean => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...(name === '' ? { generateName: 'x-' } : { name }),
        namespace,
        labels,
        ...more,
      },
      spec: {
        ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'fast', ...spec },
        resources: { requests: { storage: '1Gi' } },
      },
    };
    const args = ['create', '--dry-run=server', '--output=json', '--filename=-'];
    const { dataSourceRef } = (JSON.parse(kubectl(args, JSON.stringify(claim))) as Claim).spec;
    expect(dataSourceRef?.name ?? name).toBe(name);
    return dataSourceRef?.kind === 'BackupRestore';
  };
  const hourly = { backup: 'hourly' };
  expect(made('a', hourly)).toBe(true);
  expect(made('a', {})).toBe(false);
  expect(made('a', { backup: 'off' })).toBe(false);
  expect(made('', hourly)).toBe(false);
  expect(made('a', hourly, { annotations: { 'nkvm.io/restoring': 'x' } })).toBe(false);
  expect(made('a', hourly, {}, { volumeName: 'pv' })).toBe(false);
  expect(made('a', hourly, {}, { volumeMode: 'Block' })).toBe(false);
  expect(made('a', hourly, {}, { storageClassName: '' })).toBe(false);
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
  expect(made('a', hourly, { ownerReferences: [owner] })).toBe(false);
  kubectl(['label', 'namespace', namespace, 'backup=daily']);
  await until('the label counts', () => made('a', {}), 10_000);
  expect(made('a', { backup: 'off' })).toBe(false);
  expect(made('', {})).toBe(false);
});
