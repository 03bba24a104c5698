import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DoctorReport } from '../../sidecar/api/index.ts';
import { DoctorReport as Report } from '../../sidecar/api/index.ts';
import { SERVICE_PROXY_PATH } from '../../sidecar/api/names.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
import { until } from './support/until.ts';

const HERE = '--namespace=nkvm';

/** Runs the command of docs/operations/doctor.md. @returns its exit code and its report */
function nkvmDoctor(): { code: number | null; report: DoctorReport } {
  const command = ['exec', HERE, 'deployment/nkvm', '--', 'nkvm', 'doctor', '--json'];
  const { status, stdout, stderr } = spawnSync('kubectl', command, {
    encoding: 'utf8',
    env: { ...process.env, KUBECONFIG: kubeconfigPath() },
  });
  if (stdout === '') throw new Error(stderr);
  return { code: status, report: Report.parse(JSON.parse(stdout)) };
}

const of = ({ checks }: DoctorReport, name: string) => checks.find(({ check }) => check === name)!;

beforeAll(async () => {
  await until(
    'NKVM is ready',
    () => kubectl(['get', '--raw', `${SERVICE_PROXY_PATH}/readyz`]).startsWith('ok'),
    120_000
  );
});

describe('kubectl exec … nkvm doctor', () => {
  it('asks the process, which checks all that it has', () => {
    const { code, report } = nkvmDoctor();
    expect(code).toBe({ ok: 0, warning: 1, failed: 2 }[report.outcome]);
    for (const name of [
      'process',
      'cluster',
      'clock',
      'rights',
      'disk',
      'history',
      'lease',
      'push',
    ])
      expect(of(report, name), name).toMatchObject({ outcome: 'ok' });
    expect(of(report, 'cluster').findings[0]?.text).toMatch(/^Kubernetes v1\./);
    expect(of(report, 'history').findings[0]?.text).toContain('found no fault');
    expect(of(report, 'destinations').findings[0]?.text).toContain('destination local');
  });

  it('names a right that is missing, with the rule that grants it', async () => {
    const role = JSON.parse(
      kubectl(['get', 'clusterrole', 'nkvm-cluster-discovery', '-o', 'json'])
    );
    onTestFinished(
      () => void kubectl(['replace', '--filename=-'], JSON.stringify(withoutVersion(role)))
    );
    const rules = role.rules.map((rule: { resources: string[]; verbs: string[] }) =>
      rule.resources.includes('jobs')
        ? { ...rule, verbs: rule.verbs.filter(verb => verb !== 'watch') }
        : rule
    );
    kubectl(['replace', '--filename=-'], JSON.stringify(withoutVersion({ ...role, rules })));
    let seen: DoctorReport | undefined;
    await until(
      'the doctor misses the right',
      () => {
        const { code, report } = nkvmDoctor();
        seen = report;
        return code === 2 && of(report, 'rights').outcome === 'failed';
      },
      60_000
    );
    expect(of(seen!, 'rights').findings).toMatchObject([
      {
        text: expect.stringMatching(/^NKVM may not watch jobs\.batch, watch cronjobs\.batch: /),
        paste: expect.stringContaining('resources: [jobs]'),
      },
    ]);
  });
});

/** @returns an object that replaces whatever there is by then. */
function withoutVersion<T extends { metadata: { resourceVersion?: string } }>(object: T): T {
  const copy = structuredClone(object);
  delete copy.metadata.resourceVersion;
  return copy;
}
