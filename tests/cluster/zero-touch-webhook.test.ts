import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Webhook } from '../../sidecar/src/policy/webhook/serveWebhook.ts';
import { serveWebhook, WEBHOOK_PATH } from '../../sidecar/src/policy/webhook/serveWebhook.ts';
import { testCertificate } from '../../sidecar/src/testing/testCertificates.ts';
import { getJson, kubeconfigPath, kubectl } from './support/kubectl.ts';

/**
 * The webhook of this process, called by the real API server with the configuration that ships; only the address differs. The API
 * server of the test cluster runs on this machine. MutatingAdmissionPolicies must be absent.
 */
const DEPLOY = join(import.meta.dirname, '../../deploy/k8s');
const NAMESPACE = 'webhook-test';
const POLICIES = join(DEPLOY, 'zero-touch/admission-policies.yaml');

let webhook: Webhook | undefined;
let certDir: string;
/** Beside this process, which must answer the API server meanwhile. */
const run = (args: string[], input: object) =>
  new Promise<string>((resolve, reject) => {
    const all = [`--kubeconfig=${kubeconfigPath()}`, ...args];
    const child = execFile('kubectl', all, (error, out, err) =>
      error ? reject(new Error(err)) : resolve(out)
    );
    child.stdin?.end(JSON.stringify(input));
  });

const claim = (name: string, labels: object, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: NAMESPACE, labels },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const create = (object: object) => run(['create', '-f', '-'], object);
const sourceOf = (name: string) =>
  getJson<{ spec: { dataSourceRef?: object } }>('pvc', name, '-n', NAMESPACE).spec.dataSourceRef;

beforeAll(async () => {
  kubectl(['delete', '--ignore-not-found', '-f', POLICIES]);
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found']);
  kubectl(['create', 'namespace', NAMESPACE]);
  const made = await testCertificate();
  certDir = mkdtempSync(join(tmpdir(), 'nkvm-webhook-'));
  copyFileSync(made.certificateFile, join(certDir, 'tls.crt'));
  copyFileSync(made.keyFile, join(certDir, 'tls.key'));
  const log = { warn: () => {} } as never;
  webhook = await serveWebhook({ host: '127.0.0.1', port: 0, certDir, log });
  const clientConfig = {
    url: `https://127.0.0.1:${webhook.port}${WEBHOOK_PATH}`,
    caBundle: Buffer.from(made.certificate).toString('base64'),
  };
  const [shipped] = parseAllDocuments(kubectl(['kustomize', join(DEPLOY, 'zero-touch-webhook')]))
    .map(each => each.toJS() as { kind: string; webhooks: object[] })
    .filter(({ kind }) => kind === 'MutatingWebhookConfiguration');
  if (!shipped) throw new Error('nothing ships a MutatingWebhookConfiguration');
  kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({
      ...shipped,
      webhooks: shipped.webhooks.map(each => ({ ...each, clientConfig })),
    })
  );
  await made.remove();
}, 60_000);

afterAll(async () => {
  kubectl([
    'delete',
    'mutatingwebhookconfiguration',
    'nkvm-restore-on-create',
    '--ignore-not-found',
  ]);
  await webhook?.stop();
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
  rmSync(certDir, { recursive: true, force: true });
}, 60_000);

it('makes labelled claims wait for NKVM, and refuses them while it does not answer', async () => {
  const waits = (name: string) => ({ apiGroup: 'nkvm.io', kind: 'BackupRestore', name });
  // The configuration is in force a moment after it was applied.
  for (let at = 0; at < 50; at += 1) {
    await create(claim(`first-${at}`, { backup: 'hourly' }));
    if (sourceOf(`first-${at}`)) break;
  }
  await create(claim('labelled', { backup: 'hourly' }));
  await create(claim('off', { backup: 'off' }));
  await create(claim('unlabelled', {}));
  await create(claim('static', { backup: 'daily' }, { volumeName: 'pv-1', storageClassName: '' }));
  expect(sourceOf('labelled')).toEqual(waits('labelled'));
  expect(['off', 'unlabelled', 'static'].map(sourceOf)).toEqual([undefined, undefined, undefined]);

  kubectl(['label', 'namespace', NAMESPACE, 'backup=weekly']);
  for (let at = 0; at < 50; at += 1) {
    await create(claim(`second-${at}`, {}));
    if (sourceOf(`second-${at}`)) break;
  }
  await create(claim('inherited', {}));
  await create(claim('inherited-off', { backup: 'off' }));
  expect(sourceOf('inherited')).toEqual(waits('inherited'));
  expect(sourceOf('inherited-off')).toBeUndefined();

  await webhook?.stop();
  webhook = undefined;
  await expect(create(claim('refused', { backup: 'hourly' }))).rejects.toThrow(
    /failed calling webhook "labelled\.nkvm\.io"/
  );
  await create(claim('not-affected', { backup: 'off' }));
}, 60_000);
