import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Restore } from '../../sidecar/api/index.ts';
import { RESTORED_FROM_ANNOTATION, STARTED_EMPTY_ANNOTATION } from '../../sidecar/api/index.ts';
import { ended, start } from '../cluster/support/backups.ts';
import { MANIFESTS } from '../cluster/support/deploy.ts';
import { fillClaims } from '../cluster/support/filledClaims.ts';
import { getJson, kubectl } from '../cluster/support/kubectl.ts';
import { until } from '../cluster/support/until.ts';
import { IMAGE } from '../cluster/support/verify-pod.ts';
import { startSidecar } from '../support/sidecar.ts';
import type { Point } from './support/gate.ts';
import { gateTo } from './support/gate.ts';
import { plainApi } from './support/plainApi.ts';
import { groundFor, USUAL } from './support/transports.ts';
import { begin, worldOf } from './support/world.ts';

/** This suite starts its own sidecar. The deployed one has no namespace for automatic restores, and makes none. */
const NAMESPACE = 'populate-faults';
const FILLINGS = `${NAMESPACE}-restores`;
const LIMIT_MS = 90_000;
const LISTING = readFileSync(
  join(import.meta.dirname, '../cluster/support/tree-listing.sh'),
  'utf8'
);

type Step = Omit<Point, 'about'>;
const of = (namespace: string) => `/api/v1/namespaces/${namespace}`;
const fillings = `${of(FILLINGS)}/persistentvolumeclaims`;
const volumes = '/api/v1/persistentvolumes';
const before = (method: Step['method'], path: string): Step => ({ when: 'before', method, path });
const after = (method: Step['method'], path: string): Step => ({ when: 'after', method, path });

/** Where the sidecar is killed, each between two steps of a restore: the claim of that number waits for its data then. */
const RESTORE: [string, Step][] = [
  ['the run is queued', before('POST', fillings)],
  ['the filling is made', after('POST', fillings)],
  ['the helper is made', after('POST', `${of(FILLINGS)}/pods`)],
  ['the files are compared', before('PATCH', `${fillings}/.*`)],
  ['the filling is proven', after('PATCH', `${fillings}/.*`)],
  ['the claim has its annotation', after('PATCH', `${of(NAMESPACE)}/persistentvolumeclaims/.*`)],
  ['the volume is given', after('PATCH', `${volumes}/.*`)],
  ['the claim is bound', before('DELETE', `${fillings}/.*`)],
  ['the filling is deleted', after('DELETE', `${fillings}/.*`)],
];
/** The same for claims that have no backup. */
const EMPTY: [string, Step][] = [
  ['the filling is made', after('POST', fillings)],
  ['the volume is given', after('PATCH', `${volumes}/.*`)],
];
const restored = RESTORE.map((_, number) => `restored-${number}`);
const empty = EMPTY.map((_, number) => `empty-${number}`);
const all = [...restored, ...empty];

interface Claim {
  metadata: { name: string; uid: string; annotations?: Record<string, string> };
  status: { phase: string };
}
interface Volume {
  spec: { claimRef?: { namespace: string; name: string } };
}

const here = `--namespace=${NAMESPACE}`;
const itemsOf = <T>(kind: string, ...args: string[]): T[] =>
  getJson<{ items: T[] }>(kind, ...args).items;
const removed = (...args: string[]): void =>
  void kubectl(['delete', ...args, '--ignore-not-found', '--timeout=180s']);

/** Makes a claim as the admission policy would, and a pod that waits for it. @returns the claim's UID. */
function makeClaim(name: string, storageClass: string): string {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: storageClass,
      resources: { requests: { storage: '1Gi' } },
      dataSourceRef: { apiGroup: 'nkvm.io', kind: 'BackupRestore', name },
    },
  };
  const main = {
    name: 'main',
    image: IMAGE,
    imagePullPolicy: 'IfNotPresent',
    command: ['sleep', 'infinity'],
    volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 0 },
      containers: [main],
      volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: name } }],
    },
  };
  kubectl(['create', '--filename=-'], JSON.stringify(pod));
  const args = ['create', '--output=jsonpath={.metadata.uid}', '--filename=-'];
  return kubectl(args, JSON.stringify(claim));
}

/** Applies the CRD and creates empty namespaces. Both are deleted when the test ends; a CRD that existed before stays. */
function prepareCluster(): void {
  const crd = 'crd/backuprestores.nkvm.io';
  const isThere = kubectl(['get', crd, '--ignore-not-found', '--output=name']) !== '';
  onTestFinished(() => {
    removed('namespace', NAMESPACE, FILLINGS);
    if (!isThere) removed(crd);
  });
  removed('namespace', NAMESPACE, FILLINGS);
  kubectl(['apply', `--filename=${join(MANIFESTS, 'zero-touch/backup-restores.yaml')}`]);
  kubectl(['wait', '--for=condition=Established', crd, '--timeout=180s']);
  for (const namespace of [NAMESPACE, FILLINGS]) kubectl(['create', 'namespace', namespace]);
}

it('[a claim without its data, or with two volumes] sidecar killed with SIGKILL between the steps of an automatic restore: each claim is bound to the whole data, and nothing is left', async () => {
  prepareCluster();
  const gate = await gateTo(await plainApi());
  const ground = await groundFor(USUAL, NAMESPACE);
  const env = {
    ...ground.env,
    NKVM_KUBECONFIG: gate.kubeconfig,
    NKVM_NAMESPACE: NAMESPACE,
    NKVM_MAX_ATTEMPTS: '9',
  };
  let sidecar = await startSidecar(env);
  onTestFinished(() => sidecar.remove());
  const listing = fillClaims(NAMESPACE, restored);
  const original = Object.fromEntries(restored.map(name => [name, listing(name)]));
  const { call } = worldOf(sidecar, ground);
  const runs = await Promise.all(restored.map(name => begin(call, { namespace: NAMESPACE, name })));
  for (const id of runs) expect(await ended(call, id)).toMatchObject({ status: 'success' });
  removed('pod', 'filler', here);
  removed('pvc', ...restored, here);

  for (const [number, [which, step]] of [...RESTORE, ...EMPTY].entries()) {
    await sidecar.stop('SIGKILL');
    const uid = makeClaim(all[number] ?? '', number % 2 ? 'fast' : 'immediate');
    gate.open();
    let isReached = false;
    void gate.hold({ ...step, about: uid }).then(() => (isReached = true));
    sidecar = await startSidecar(env, sidecar.dir);
    await until(`${all[number]}: ${which}`, () => isReached, LIMIT_MS);
  }
  await sidecar.stop('SIGKILL');
  gate.open();
  sidecar = await startSidecar(env, sidecar.dir);

  kubectl(['wait', '--for=condition=Ready', 'pod', '--all', here, '--timeout=400s']);
  const claims = new Map(itemsOf<Claim>('pvc', here).map(claim => [claim.metadata.name, claim]));
  for (const [number, name] of restored.entries()) {
    const which = RESTORE[number]?.[0];
    const found = kubectl(['exec', '-i', name, here, '--', 'sh', '-s', '/volume'], LISTING);
    expect({ which, found }).toEqual({ which, found: original[name] });
    const notes = claims.get(name)?.metadata.annotations;
    expect(notes, which).toMatchObject({ [RESTORED_FROM_ANNOTATION]: runs[number] });
  }
  for (const name of empty) {
    const notes = claims.get(name)?.metadata.annotations;
    expect(notes, name).toMatchObject({ [STARTED_EMPTY_ANNOTATION]: 'none-found' });
  }

  const after = worldOf(sidecar, ground);
  await until(
    'each claim has one restore that succeeded, and none is under way',
    async () => {
      const { restores } = (await (await after.call('/api/v1/restores?limit=200')).json()) as {
        restores: Restore[];
      };
      const succeeded = restores.filter(({ status }) => status === 'success');
      const isOver = restores.every(({ endedAt }) => endedAt !== null);
      const names = succeeded.map(({ source }) => source.name).sort();
      if (isOver && names.join() === restored.join()) return true;
      throw new Error(
        restores.map(({ source, message }) => `${source.name}: ${message}`).join('; ')
      );
    },
    LIMIT_MS
  );
  for (const kind of ['pods', 'pvc']) {
    const left = () => itemsOf<Claim>(kind, `--namespace=${FILLINGS}`);
    await until(`no ${kind} are left`, () => left().length === 0, LIMIT_MS, 500);
  }
  await until(
    'each claim has one volume, and no other one is left',
    () => {
      const names = itemsOf<Volume>('pv')
        .map(({ spec }) => spec.claimRef)
        .filter(claim => claim && [NAMESPACE, FILLINGS].includes(claim.namespace))
        .map(claim => claim?.name)
        .sort();
      if (names.join() === [...all].sort().join()) return true;
      throw new Error(names.join());
    },
    LIMIT_MS,
    500
  );
  // A volume that is restored can be backed up again, and the claim that it was restored for says so.
  const again = await start(after.call, NAMESPACE, 'restored-0');
  expect(await ended(after.call, again.run?.id ?? '')).toMatchObject({ status: 'success' });
});
