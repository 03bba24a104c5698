import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import type { Call } from './support/backups.ts';
import { ended, start } from './support/backups.ts';
import { getJson, kubectl } from './support/kubectl.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { IMAGE } from './support/verify-pod.ts';

/** A namespace with limits and policies of its own, and a bound claim that holds nothing. */
const NAMESPACE = 'strict';
const here = `--namespace=${NAMESPACE}`;
const CLAIM = 'ledger';

const apply = (...objects: object[]): void => {
  for (const object of objects) kubectl(['apply', '--filename=-'], JSON.stringify(object));
};

let sidecar: Sidecar;
let call: Call;

beforeAll(async () => {
  apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: CLAIM, namespace: NAMESPACE },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'immediate',
        resources: { requests: { storage: '1Mi' } },
      },
    }
  );
  sidecar = await startSidecar();
  const admin = token();
  call = (path, init) => sidecar.fetch(path, admin, init);
  await until(
    'the claim is bound',
    () => getJson<{ status: { phase: string } }>('pvc', here, CLAIM).status.phase === 'Bound',
    60_000
  );
});

afterAll(async () => {
  await sidecar?.remove();
  kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
});

/** A backup, by a sidecar with settings of its own where there are any. */
async function backUp(env?: Record<string, string>) {
  let by = call;
  if (env) {
    const other = await startSidecar(env);
    onTestFinished(() => other.remove());
    const admin = token();
    by = (path, init) => other.fetch(path, admin, init);
  }
  return await until(
    'the backup is taken',
    async () => {
      const { run, problem } = await start(by, NAMESPACE, CLAIM);
      if (!run) return problem?.reason === 'ClaimNotFound' ? undefined : Promise.reject(problem);
      return await ended(by, run.id);
    },
    60_000
  );
}

const limitRange = (item: object) => {
  apply({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'sizes', namespace: NAMESPACE },
    spec: { limits: [item] },
  });
  onTestFinished(() => void kubectl(['delete', 'limitrange', 'sizes', here]));
};

async function quota(hard: Record<string, string>) {
  apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'compute', namespace: NAMESPACE },
    spec: { hard },
  });
  onTestFinished(() => void kubectl(['delete', 'resourcequota', 'compute', here]));
  await until(
    'the quota is in force',
    () => !!getJson<{ status?: { hard?: object } }>('resourcequota', here, 'compute').status?.hard,
    30_000
  );
}

describe('a helper pod fits', () => {
  it.each<[string, () => Promise<void> | void]>([
    ['a quota that demands CPU limits', () => quota({ 'limits.cpu': '2' })],
    ['a quota with less memory than wanted', () => quota({ 'limits.memory': '256Mi' })],
    [
      'a LimitRange with a ratio',
      () => limitRange({ type: 'Container', maxLimitRequestRatio: { memory: '4', cpu: '2' } }),
    ],
    [
      'a LimitRange with a maximum',
      () => limitRange({ type: 'Container', max: { memory: '256Mi' } }),
    ],
    ['a LimitRange for pods', () => limitRange({ type: 'Pod', max: { cpu: '1' } })],
    [
      'a LimitRange with a minimum',
      () => limitRange({ type: 'Container', min: { cpu: '100m', memory: '600Mi' } }),
    ],
    [
      'a LimitRange whose default is below the request',
      () =>
        limitRange({ type: 'Container', default: { cpu: '20m' }, defaultRequest: { cpu: '10m' } }),
    ],
  ])('%s', async (_, limit) => {
    await limit();
    expect(await backUp()).toMatchObject({ status: 'success' });
  });
});

describe('in a namespace that enforces Pod Security level restricted', () => {
  const USER = 1234;
  const inPod = (script: string): string =>
    kubectl(['exec', 'writer', here, '--', 'sh', '-ec', script]);

  beforeAll(async () => {
    kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted']);
    apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'writer', namespace: NAMESPACE },
      spec: {
        terminationGracePeriodSeconds: 0,
        securityContext: {
          ...{ runAsUser: USER, runAsNonRoot: true, fsGroup: 2345 },
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            ...{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent' },
            command: ['sleep', 'infinity'],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: CLAIM } }],
      },
    });
    kubectl(['wait', '--for=condition=Ready', 'pod/writer', here, '--timeout=240s']);
    inPod('umask 077; echo own >/v/own');
    await until(
      'NKVM says as whom it reads',
      async () => {
        const volume = await (await call(`/api/v1/volumes/${NAMESPACE}/${CLAIM}`)).json();
        return volume.readsAs?.user === USER && volume.readsAs.because === 'pods';
      },
      30_000
    );
  });
  afterAll(() => {
    kubectl(['delete', 'pod', 'writer', here, '--wait=false']);
    kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce-']);
  });

  it('a helper pod reads as the user of the pods, and a backup has all', async () => {
    expect(await backUp()).toMatchObject({ status: 'success', seal: { tarExit: 0 }, warnings: [] });
  });

  it('a file that this user cannot read is named before anything is packed', async () => {
    inPod('echo x >/v/locked; chmod 0 /v/locked');
    onTestFinished(() => void inPod('rm -f /v/locked'));
    expect(await backUp()).toMatchObject({
      ...{ status: 'failed', stage: 'exec', reason: 'NotReadable', copies: [] },
      message: expect.stringContaining(`cannot be read as user ${USER}`),
      tarMessages: [`nkvm: ./locked: cannot be read as user ${USER}`],
    });
  });

  it('a restore is refused by its plan', async () => {
    const { id } = await backUp();
    const target = { namespace: NAMESPACE, name: 'again', mode: 'new' };
    const answer = await call('/api/v1/restores', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ backup: id, target }),
    });
    expect(await answer.json()).toMatchObject({ reason: 'PodSecurity' });
  });

  it('a helper pod that is root all the same is refused', async () => {
    expect(await backUp({ NKVM_HELPER_RESTRICTED: 'never' })).toMatchObject({
      ...{ status: 'failed', stage: 'create', reason: 'PodSecurity' },
    });
  });
});

it('with its roles bound for the whole cluster, NKVM uses a namespace by its labels alone', async () => {
  const limited = await startSidecar({ NKVM_NAMESPACE_SELECTOR: 'nkvm-test in (strict)' });
  onTestFinished(() => limited.remove());
  const admin = token();
  const by: Call = (path, init) => limited.fetch(path, admin, init);
  const label = (text: string) => kubectl(['label', 'namespace', NAMESPACE, `nkvm-test${text}`]);
  const isRefused = async () =>
    (await start(by, NAMESPACE, CLAIM)).problem?.reason === 'NamespaceNotSelected';
  expect(await (await by('/api/v1/info')).json()).toMatchObject({
    ...{ scope: 'selector', namespaceSelector: 'nkvm-test in (strict)' },
  });
  await until('the namespace is closed', isRefused, 60_000);
  label('=strict');
  onTestFinished(() => void label('-'));
  const run = await until(
    'the namespace is open',
    async () => (await start(by, NAMESPACE, CLAIM)).run,
    60_000
  );
  expect(await ended(by, run.id)).toMatchObject({ status: 'success' });
  label('-');
  await until('the namespace is closed again', isRefused, 60_000);
});

describe('a backup says who refused its helper, and what would be admitted:', () => {
  it('a quota that is smaller than any helper', async () => {
    await quota({ 'limits.memory': '64Mi' });
    expect(await backUp()).toMatchObject({
      status: 'failed',
      reason: 'QuotaExceeded',
      message: expect.stringMatching(
        /^quota compute of namespace strict has no room.*0 of 64Mi.*needs a memory limit of at least 128Mi/
      ),
      hint: expect.stringContaining('NKVM_HELPER_MEMORY_LIMIT'),
    });
  });

  it.each(['Forbidden', undefined])('a policy that gives the reason %s', async reason => {
    await policy({ admits: 'false', reason });
    expect(await backUp()).toMatchObject({
      status: 'failed',
      stage: 'create',
      reason: 'AdmissionPolicy',
      message: expect.stringMatching(/^ValidatingAdmissionPolicy nkvm-test-strict .*: not here$/),
      hint: expect.stringMatching(/^exempt pods .* binding nkvm-test-strict/),
    });
  });

  it('a policy on exec', async () => {
    await policy({
      admits: `request.operation == "CREATE" && request.name != "probe"`,
      reason: 'Forbidden',
    });
    expect(await backUp()).toMatchObject({
      status: 'failed',
      stage: 'exec',
      reason: 'AdmissionPolicy',
      message: expect.stringMatching(
        /^ValidatingAdmissionPolicy nkvm-test-strict does not admit commands.*: not here$/
      ),
      hint: expect.not.stringContaining('rolebinding'),
    });
  });
});

/**
 * A policy on pods of this namespace, and on exec into them, which denies a pod called `probe` in any case.
 * @param admits what must hold for a request that is admitted, in CEL
 */
async function policy({ admits, reason }: { admits: string; reason: string | undefined }) {
  const name = 'nkvm-test-strict';
  const group = 'admissionregistration.k8s.io/v1';
  apply(
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              resources: ['pods', 'pods/exec'],
              operations: ['CREATE', 'CONNECT'],
            },
          ],
        },
        validations: [{ expression: admits, message: 'not here', ...(reason && { reason }) }],
      },
    },
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        validationActions: ['Deny'],
        matchResources: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
        },
      },
    }
  );
  // The API server learns of both a moment later.
  onTestFinished(async () => {
    kubectl(['delete', 'validatingadmissionpolicybinding', name]);
    kubectl(['delete', 'validatingadmissionpolicy', name]);
    await until('the policy is gone', () => !isProbeDenied(), 15_000);
  });
  await until('the policy is in force', isProbeDenied, 15_000);
}

/** @returns whether a policy denies a pod called `probe`, as the API server sees it now. */
function isProbeDenied(): boolean {
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace: NAMESPACE } },
    spec: { containers: [{ name: 'probe', image: 'none' }] },
  };
  try {
    kubectl(['create', '--dry-run=server', '--filename=-'], JSON.stringify(pod));
  } catch (error) {
    return String(error).includes('not here');
  }
  return false;
}
