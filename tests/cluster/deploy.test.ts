import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { SERVICE_PROXY_PATH } from '../../sidecar/api/names.ts';
import { deploy, MANIFESTS } from './support/deploy.ts';
import { getJson, kubectl } from './support/kubectl.ts';
import { until } from './support/until.ts';

const HERE = '--namespace=nkvm';
const inSidecar = (script: string): string =>
  kubectl(['exec', HERE, 'deployment/nkvm', '--', 'sh', '-c', script]).trim();

interface Container {
  name: string;
  image: string;
  env: { name: string; value?: string }[];
}
interface Deployment {
  kind: string;
  spec: { template: { spec: { containers: [Container] } } };
  status?: { readyReplicas?: number };
}
interface Pod {
  status: {
    phase: string;
    containerStatuses?: [{ state: { terminated?: { exitCode: number } } }];
  };
}

describe('kubectl apply -k deploy/k8s', () => {
  it('is ready, also when it was applied before', () => {
    deploy();
    deploy();
    const { status } = getJson<Deployment>(HERE, 'deployment', 'nkvm');
    expect(status?.readyReplicas).toBe(1);
    expect(kubectl(['get', '--raw', `${SERVICE_PROXY_PATH}/readyz`])).toBe('ok');
  });

  it('has one writer: a second pod waits for its turn, says so, and is not ready', async () => {
    const scale = (replicas: number) =>
      kubectl(['scale', HERE, 'deployment/nkvm', `--replicas=${replicas}`]);
    onTestFinished(() => {
      scale(1);
      kubectl(['rollout', 'status', HERE, 'deployment/nkvm', '--timeout=180s']);
    });
    scale(2);
    await until(
      'the second one waits',
      () =>
        /NKVM waits for its turn to write the history: nkvm-\S+ holds Lease nkvm\/nkvm/.test(
          kubectl(['logs', HERE, '--selector=app.kubernetes.io/component=sidecar', '--tail=-1'])
        ),
      60_000
    );
    const { status } = getJson<Deployment>(HERE, 'deployment', 'nkvm');
    expect(status?.readyReplicas).toBe(1);
  });

  it('hands over at once when it is stopped in order', async () => {
    const holder = () =>
      kubectl(['get', HERE, 'lease', 'nkvm', '--output=jsonpath={.spec.holderIdentity}']);
    const before = holder();
    kubectl(['rollout', 'restart', HERE, 'deployment/nkvm']);
    kubectl(['rollout', 'status', HERE, 'deployment/nkvm', '--timeout=180s']);
    expect(holder()).toMatch(/^nkvm-/);
    expect(holder()).not.toBe(before);
    expect(kubectl(['logs', HERE, 'deployment/nkvm'])).not.toContain('waits for its turn');
  });

  it('runs without root, capabilities, new privileges and a writable root file system', () => {
    expect(inSidecar('id -u; id -g').split('\n')).toEqual(['65532', '65532']);
    const process = inSidecar("grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/1/status");
    expect(process.split(/\s+/)).toEqual([
      'CapEff:',
      '0000000000000000',
      'NoNewPrivs:',
      '1',
      'Seccomp:',
      '2',
    ]);
    expect(inSidecar('touch /app/x 2>&1 || true')).toContain('Read-only file system');
    expect(inSidecar('touch /var/lib/nkvm/x /tmp/x && rm /var/lib/nkvm/x /tmp/x && echo yes')).toBe(
      'yes'
    );
  });

  it('has no variables of service links, which look like settings', () => {
    expect(inSidecar('env | grep -E "^NKVM_(PORT|SERVICE)" || echo none')).toBe('none');
  });

  /** @returns a kustomization on top of the manifests, as it is applied. */
  function rendered(differs: (manifests: string) => object): string {
    const mine = mkdtempSync(join(tmpdir(), 'nkvm-kustomization-'));
    onTestFinished(() => rmSync(mine, { recursive: true }));
    const manifests = relative(realpathSync(mine), MANIFESTS);
    const kustomization = { resources: [manifests], ...differs(manifests) };
    writeFileSync(join(mine, 'kustomization.yaml'), JSON.stringify(kustomization));
    return kubectl(['kustomize', mine]);
  }

  it('takes HTTPS with the component for it: port, probes and the right to the service proxy', () => {
    const all = rendered(manifests => ({ components: [join(manifests, 'tls')] }));
    const objects = parseAllDocuments(all).map(each => each.toJS());
    const of = (kind: string, name: string) =>
      objects.find(each => each.kind === kind && each.metadata.name === name);
    const { containers, volumes } = of('Deployment', 'nkvm').spec.template.spec;
    const [{ env, volumeMounts, startupProbe, readinessProbe, livenessProbe }] = containers;
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe])
      expect(httpGet).toMatchObject({ scheme: 'HTTPS', port: 'http', path: expect.any(String) });
    const { mountPath } = volumeMounts.find(({ name }: { name: string }) => name === 'tls');
    expect(env).toEqual(
      expect.arrayContaining([
        { name: 'NKVM_TLS_CERT', value: join(mountPath, 'tls.crt') },
        { name: 'NKVM_TLS_KEY', value: join(mountPath, 'tls.key') },
        { name: 'NKVM_HTTP_PORT', value: '8080' },
      ])
    );
    expect(volumes).toContainEqual({ name: 'tls', secret: { secretName: 'nkvm-tls' } });
    expect(of('Role', 'nkvm-door').rules[0].resourceNames).toEqual([
      'nkvm:http',
      'https:nkvm:http',
    ]);
    expect(kubectl(['apply', '--dry-run=server', '--filename=-'], all).split('\n')).toContainEqual(
      expect.stringContaining('deployment.apps/nkvm')
    );
  });

  it('names the image in one place, also for a kustomization on top of it', () => {
    const all = rendered(() => ({
      images: [
        { name: 'docker.io/nkvm/nkvm', newName: 'registry.example/tools/nkvm', newTag: 'v9.9.9' },
      ],
    }));
    expect(all.match(/\S+nkvm:\S+\d$/gm)).toEqual(['registry.example/tools/nkvm:v9.9.9']);
    expect(all).not.toContain('docker.io/nkvm');
  });

  it.each([
    ['NKVM_HTTP_PORT', 'a-secret', /^nkvm: NKVM_HTTP_PORT takes .*0.*65535/],
    ['NKVM_BACKUP_DIR', 'a-secret', /^nkvm: NKVM_BACKUP_DIR takes an absolute path/],
    ['NKVM_BAKCUP_DIR', 'a-secret', /^nkvm: NKVM_BAKCUP_DIR is not a setting/],
  ])('ends with one line when %s is wrong', async (name, value, line) => {
    const pod = startSidecarWith(name, value);
    onTestFinished(() => void kubectl(['delete', 'pod', pod, HERE, '--wait=false']));
    const ended = await until(
      `${pod} has ended`,
      () => getJson<Pod>(HERE, 'pod', pod).status.containerStatuses?.[0].state.terminated,
      30_000
    );
    expect(ended.exitCode).toBe(2);
    const lines = kubectl(['logs', pod, HERE]).trimEnd().split('\n');
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(lines[0]).not.toContain(value);
  });
});

/** Starts the sidecar as the Deployment does, once, with one setting changed and no storage. @returns the pod's name. */
function startSidecarWith(name: string, value: string): string {
  const { spec } = getJson<Deployment>(HERE, 'deployment', 'nkvm').spec.template as {
    spec: Record<string, unknown> & { containers: [Container & { volumeMounts?: unknown }] };
  };
  const [container] = spec.containers;
  container.env = [...container.env.filter(variable => variable.name !== name), { name, value }];
  delete container.volumeMounts;
  const metadata = { name: `wrong-${name.toLowerCase().replaceAll('_', '-')}`, namespace: 'nkvm' };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { ...spec, volumes: [], restartPolicy: 'Never' },
  };
  kubectl(['delete', 'pod', metadata.name, HERE, '--ignore-not-found']);
  kubectl(['create', '--filename=-'], JSON.stringify(pod));
  return metadata.name;
}
