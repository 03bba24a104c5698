import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import type { Backup } from '../../sidecar/api/index.ts';
import {
  ADMIN_SERVICE_ACCOUNT,
  audienceOf,
  openNamespaceCommand,
  serviceProxyPath,
  TOKEN_HEADER,
} from '../../sidecar/api/names.ts';
import { helperLabels } from '../../sidecar/src/helper/names.ts';
import { ROOT } from '../docs/support/blocks.ts';
import type { Call } from './support/backups.ts';
import { backUp, start } from './support/backups.ts';
import type { Checkout } from './support/installPage.ts';
import { blocksOfTest, freshCheckout, INSTALL_PAGE } from './support/installPage.ts';
import { runInVolume } from './support/inVolume.ts';
import { getJson, kubectl } from './support/kubectl.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { IMAGE } from './support/verify-pod.ts';

/**
 * A second NKVM beside that of namespace `nkvm`, as docs/operations/install.md has it: in another namespace, under another name
 * of its Service, with HTTPS.
 */
const HOME = 'backup-system';
const SERVICE = 'https:volumes';
const CLAIM = ['billing', 'print-spool'] as const;
const CONTENTS = 'what waits to be printed';

const [install = '', open = '', remove = ''] = blocksOfTest(
  'tests/cluster/second-installation.test.ts'
).map(({ text }) => text);
const [renamed = ''] = blocksOfTest('tests/cluster/elsewhere.test.ts')
  .map(({ text }) => text)
  .filter(text => text.includes('>renamed/'));

let checkout: Checkout;
let proxy: ServiceProxy;
let before: Record<string, string>;
let ofAnother: string;

/** Everything of NKVM that has no namespace, by kind and name, with its version. */
function shared(): Record<string, string> {
  const list = ['api-resources', '--namespaced=false', '--verbs=list', '--output=name'];
  const { items } = getJson<{
    items: { kind: string; metadata: { name: string; resourceVersion: string } }[];
  }>(kubectl(list).trim().split('\n').join(), '--selector=app.kubernetes.io/part-of=nkvm');
  return Object.fromEntries(
    items.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion])
  );
}

function callOf(namespace: string, service: string): Call {
  let minted: string | undefined;
  return (path, init = {}) => {
    minted ??= token(ADMIN_SERVICE_ACCOUNT, namespace, audienceOf(namespace));
    const headers = new Headers(init.headers);
    headers.set(TOKEN_HEADER, minted);
    return fetch(proxy.origin + serviceProxyPath(namespace, service) + path, { ...init, headers });
  };
}
const first = callOf('nkvm', 'nkvm');
const second = callOf(HOME, SERVICE);

const holderIn = (namespace: string): string =>
  kubectl(['get', 'lease', 'nkvm', `-n${namespace}`, '--output=jsonpath={.spec.holderIdentity}']);
const inPod = (namespace: string, script: string, input?: string): string =>
  kubectl(['exec', '-i', `-n${namespace}`, 'deployment/nkvm', '--', 'sh', '-ec', script], input);
const archivesIn = (namespace: string): string => inPod(namespace, 'ls "$NKVM_BACKUP_DIR"');

/** A helper pod of an unknown installation. No node can run it. */
function plantHelper(): string {
  const [namespace] = CLAIM;
  const id = { runId: '01runofanother', attempt: 1, installation: '0123456789abcdef' };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'nkvm-backup-of-another', namespace, labels: helperLabels(id) },
    spec: { nodeSelector: { is: 'nowhere' }, containers: [{ name: 'main', image: IMAGE }] },
  };
  kubectl(['create', '--filename=-'], JSON.stringify(pod));
  return helperUid();
}
const helperUid = (): string =>
  kubectl([
    'get',
    'pod',
    'nkvm-backup-of-another',
    `-n${CLAIM[0]}`,
    '--output=jsonpath={.metadata.uid}',
  ]);

/** Puts HTTPS, the other name of the Service and no schedules into the kustomization of the page. */
function differ(): void {
  const page = readFileSync(join(ROOT, INSTALL_PAGE), 'utf8');
  const [, https = ''] =
    /`(\{op: replace, path: \/rules\/0\/resourceNames\/1,[^`]*)`/.exec(page) ?? [];
  const off = { name: 'NKVM_SCHEDULES', value: 'off' };
  const kustomization = checkout.kustomization('second');
  checkout.write('second', {
    ...kustomization,
    components: [...(kustomization.components ?? []), '../deploy/k8s/tls'],
    patches: [
      ...(checkout.kustomization('renamed').patches ?? []),
      patchOf('Role', 'nkvm-door', parse(https)),
      patchOf('Deployment', 'nkvm', {
        op: 'add',
        path: '/spec/template/spec/containers/0/env/-',
        value: off,
      }),
    ],
  });
}
const patchOf = (kind: string, name: string, operation: object) => ({
  target: { kind, name },
  patch: JSON.stringify([operation]),
});

/** The certificate names the pod's own address, at which a program in the pod calls it. */
const CERTIFICATE = `
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout tls.key -out tls.crt \\
  -subj /CN=nkvm -addext subjectAltName=DNS:volumes.${HOME}.svc,DNS:localhost 2>/dev/null
kubectl create namespace ${HOME}
kubectl create secret tls nkvm-tls -n ${HOME} --cert tls.crt --key tls.key
`;

beforeAll(async () => {
  checkout = freshCheckout();
  proxy = await apiThroughServiceProxy();
  await until('the first one is ready', async () => (await first('/readyz')).ok, 60_000);
  before = shared();
  ofAnother = plantHelper();
  checkout.run(CERTIFICATE + renamed);
  const [make = '', apply = ''] = install.split(/(?=^kubectl apply)/m);
  checkout.run(make);
  differ();
  checkout.run(open + apply);
});
afterAll(async () => {
  kubectl(['delete', 'pod', 'nkvm-backup-of-another', `-n${CLAIM[0]}`, '--ignore-not-found']);
  await proxy?.stop();
  checkout?.remove();
});

it('changes nothing of what the first one has, or both use', () => {
  const now = shared();
  expect(now).toMatchObject(before);
  expect(
    Object.keys(now)
      .filter(each => !(each in before))
      .sort()
  ).toEqual([
    `ClusterRoleBinding nkvm-admin.${HOME}`,
    `ClusterRoleBinding nkvm-auth-delegator.${HOME}`,
    `ClusterRoleBinding nkvm-cluster-discovery.${HOME}`,
    `Namespace ${HOME}`,
  ]);
  expect(holderIn(HOME)).toMatch(/^nkvm-/);
  expect(holderIn(HOME)).not.toBe(holderIn('nkvm'));
});

it('answers over HTTPS and nothing else, at the place that everybody may reach', async () => {
  expect((await callOf(HOME, 'volumes')('/healthz')).status).toBeGreaterThanOrEqual(500);
  expect((await second('/api/v1/info')).status).toBe(200);
  const stranger = await fetch(proxy.origin + serviceProxyPath(HOME, SERVICE) + '/api/v1/info');
  expect(stranger.status).toBe(401);
  const who = ['--as=bob', '--as-group=system:authenticated', `-n${HOME}`];
  const may = ['auth', 'can-i', 'get', `services/${SERVICE}:http`, '--subresource=proxy', ...who];
  expect(kubectl(may).trim()).toBe('yes');
});

it('is called over HTTPS by the example of a schedule', () => {
  const script = readFileSync(join(ROOT, 'deploy/schedule/back-up-namespace.mjs'), 'utf8');
  inPod(HOME, 'cat >/tmp/token', token(ADMIN_SERVICE_ACCOUNT, HOME));
  const env = `NKVM_HOST=https://localhost:8080 NODE_EXTRA_CA_CERTS=$NKVM_TLS_CERT NAMESPACES=${HOME}`;
  const own = inPod(
    HOME,
    `${env} node --input-type=module -`,
    script.replace('/token/token', '/tmp/token')
  );
  expect(own).toMatch(new RegExp(`^skipped ${HOME}/nkvm-data:`));
});

it('says how to open a namespace for it that is open to the first one', async () => {
  const { problem } = await start(second, 'shop', 'media');
  const command = openNamespaceCommand('shop', HOME);
  expect(problem?.message).toContain(command);
  checkout.run(command);
  onTestFinished(
    () => void kubectl(['delete', 'rolebinding', `nkvm-runtime.${HOME}`, '--namespace=shop'])
  );
  expect(open).toContain(openNamespaceCommand(CLAIM[0], HOME));
});

it('backs up a volume beside the first one, and neither has what is of the other', async () => {
  const [namespace, claim] = CLAIM;
  runInVolume(kubectl, { namespace, claim }, `echo '${CONTENTS}' >queue`);
  const runs = await Promise.all([backUp(first, ...CLAIM), backUp(second, ...CLAIM)]);
  expect(runs.map(({ status, message }) => [status, message])).toEqual([
    ['success', expect.anything()],
    ['success', expect.anything()],
  ]);
  const [own, other] = runs as [Backup, Backup];
  for (const [namespace, call, here, there] of [
    ['nkvm', first, own, other],
    [HOME, second, other, own],
  ] as const) {
    const archives = archivesIn(namespace);
    expect(archives).toContain(here.id);
    expect(archives).not.toContain(there.id);
    expect((await call(`/api/v1/backups/${there.id}`)).status).toBe(404);
    const digest = inPod(
      namespace,
      `cd "$NKVM_BACKUP_DIR" && tar -xzOf *__${here.id}.tar.gz ./queue | sha256sum`
    );
    expect(digest).toContain(createHash('sha256').update(`${CONTENTS}\n`).digest('hex'));
  }
  expect(helperUid()).toBe(ofAnother);
});

it('is removed, and the first one has all that it had', async () => {
  const holder = holderIn('nkvm');
  checkout.run(remove);
  expect(shared()).toEqual(before);
  expect(holderIn('nkvm')).toBe(holder);
  expect((await first('/api/v1/volumes?namespace=billing')).status).toBe(200);
  expect(await backUp(first, ...CLAIM)).toMatchObject({ status: 'success' });
});
