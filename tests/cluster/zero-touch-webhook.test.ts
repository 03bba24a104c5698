import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitUntilReady } from './support/deploy.ts';
import { getJson, kubeconfigPath, kubectl } from './support/kubectl.ts';
import { until } from './support/until.ts';

/**
 * The webhook of the deployed NKVM, set up with the commands of the page about it: a certificate in a Secret, the patch of the
 * Deployment, Service and configuration. MutatingAdmissionPolicies must be absent.
 */
const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'docs/operations/zero-touch-webhook.md');
const POLICIES = join(ROOT, 'deploy/k8s/zero-touch/admission-policies.yaml');
const NAMESPACE = 'webhook-test';

const create = (object: object): string =>
  kubectl(['create', '--filename=-'], JSON.stringify(object));
const claim = (name: string, labels: object, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: NAMESPACE, labels },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const sourceOf = (name: string) =>
  getJson<{ spec: { dataSourceRef?: object } }>('pvc', name, `--namespace=${NAMESPACE}`).spec
    .dataSourceRef;

/** Runs the first commands of the page as a person does, in a directory that has `deploy`. */
function runCommands(): void {
  const [, commands = ''] = /```sh\n([^`]*)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const directory = mkdtempSync(join(tmpdir(), 'nkvm-webhook-'));
  try {
    symlinkSync(join(ROOT, 'deploy'), join(directory, 'deploy'));
    const env = { ...process.env, KUBECONFIG: kubeconfigPath() };
    execFileSync('bash', ['-euc', commands], { cwd: directory, env, stdio: 'pipe' });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** @returns whether the webhook did not let the claim be created. @throws when something else did not */
function isRefused(object: object): boolean {
  try {
    create(object);
    return false;
  } catch (error) {
    expect(`${error}`).toContain('failed calling webhook "labelled.nkvm.io"');
    return true;
  }
}

const answers = (): number =>
  getJson<{ subsets?: { addresses?: object[] }[] }>(
    'endpoints',
    'nkvm-webhook',
    '--namespace=nkvm'
  ).subsets?.flatMap(({ addresses = [] }) => addresses).length ?? 0;

beforeAll(() => {
  kubectl(['delete', '--ignore-not-found', `--filename=${POLICIES}`]);
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found']);
  kubectl(['create', 'namespace', NAMESPACE]);
  runCommands();
});

afterAll(() => {
  const configuration = 'mutatingwebhookconfiguration/nkvm-restore-on-create';
  kubectl(['delete', configuration, '--ignore-not-found']);
  kubectl(['rollout', 'undo', 'deployment/nkvm', '--namespace=nkvm']);
  kubectl(['scale', 'deployment/nkvm', '--replicas=1', '--namespace=nkvm']);
  waitUntilReady();
  const page = join(ROOT, 'deploy/k8s/zero-touch-webhook');
  kubectl(['delete', '--kustomize', page, '--ignore-not-found', '--timeout=400s']);
  kubectl(['delete', 'secret/nkvm-webhook', '--namespace=nkvm', '--ignore-not-found']);
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
});

it('makes labelled claims wait for NKVM, and refuses them while it does not answer', async () => {
  const waits = (name: string) => ({ apiGroup: 'nkvm.io', kind: 'BackupRestore', name });
  const labelled = { backup: 'hourly' };
  let made = 0;
  /** The configuration, and labels of namespaces, count a moment after they were set. */
  const counts = (labels: object) =>
    until(
      'the webhook is asked',
      () => {
        create(claim(`try-${++made}`, labels));
        return sourceOf(`try-${made}`) !== undefined;
      },
      60_000
    );
  await counts(labelled);
  create(claim('labelled', labelled));
  create(claim('off', { backup: 'off' }));
  create(claim('unlabelled', {}));
  create(claim('static', { backup: 'daily' }, { volumeName: 'pv-1', storageClassName: '' }));
  expect(sourceOf('labelled')).toEqual(waits('labelled'));
  expect(['off', 'unlabelled', 'static'].map(sourceOf)).toEqual([undefined, undefined, undefined]);

  kubectl(['label', 'namespace', NAMESPACE, 'backup=weekly']);
  await counts({});
  create(claim('inherited', {}));
  create(claim('inherited-off', { backup: 'off' }));
  expect(sourceOf('inherited')).toEqual(waits('inherited'));
  expect(sourceOf('inherited-off')).toBeUndefined();

  kubectl(['scale', 'deployment/nkvm', '--replicas=0', '--namespace=nkvm']);
  await until('NKVM does not answer', () => answers() === 0, 60_000);
  // A process that is ending may still answer on connections that are open.
  await until('claims are refused', () => isRefused(claim(`late-${++made}`, labelled)), 60_000);
  create(claim('not-affected', { backup: 'off' }));
});
