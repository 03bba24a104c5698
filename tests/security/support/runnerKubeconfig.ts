import { KubeConfig } from '@kubernetes/client-node';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NKVM_NAMESPACE, RUNNER_SERVICE_ACCOUNT } from '../../../sidecar/api/names.ts';
import type { Kube } from './kube.ts';

/** @returns a kubeconfig for the sidecar's own ServiceAccount, with the cluster of another one. */
export async function runnerKubeconfig(
  kube: Kube,
  given: string
): Promise<{ path: string; remove(): void }> {
  const admin = new KubeConfig();
  admin.loadFromFile(given);
  const cluster = admin.getCurrentCluster();
  if (!cluster) throw new Error(`${given} names no cluster`);
  const account = { namespace: NKVM_NAMESPACE, name: RUNNER_SERVICE_ACCOUNT };
  const runner = new KubeConfig();
  runner.loadFromClusterAndUser(cluster, {
    name: RUNNER_SERVICE_ACCOUNT,
    token: await kube.token(account, []),
  });
  const directory = mkdtempSync(join(tmpdir(), 'nkvm-runner-'));
  const path = join(directory, 'kubeconfig');
  writeFileSync(path, runner.exportConfig(), { mode: 0o600 });
  return { path, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
