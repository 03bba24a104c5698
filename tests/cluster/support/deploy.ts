import { join } from 'node:path';
import { getJson, kubectl } from './kubectl.ts';

export const MANIFESTS = join(import.meta.dirname, '../../../deploy/k8s');

interface PodList {
  items: { status: { containerStatuses?: { imageID: string }[] } }[];
}

/**
 * Installs NKVM as its manifests have it, and waits until it is ready. But it has no schedules: the first scheduled backups of the
 * labelled claims would come in the middle of any test. And the runs of a cluster that is away do not wait for an hour.
 * @param imageId what the image on the nodes is, `sha256:…`; a pod that runs another one is replaced: the manifests
 * name the image by a tag, and do not change when it does.
 */
export function deploy(imageId?: string): void {
  kubectl(['apply', '--server-side', '--force-conflicts', '--kustomize', MANIFESTS]);
  const env = ['NKVM_SCHEDULES=off', 'NKVM_CLUSTER_AWAY_SECONDS=20'];
  kubectl(['set', 'env', 'deployment/nkvm', ...env, '--namespace=nkvm']);
  if (imageId && !runningImages().every(running => running.endsWith(imageId))) {
    kubectl(['rollout', 'restart', 'deployment/nkvm', '--namespace=nkvm']);
  }
  waitUntilReady();
}

/** @throws Error when NKVM is not ready after two minutes. */
export const waitUntilReady = (): string =>
  kubectl(['rollout', 'status', 'deployment/nkvm', '--namespace=nkvm', '--timeout=5m']);

const runningImages = (): string[] =>
  getJson<PodList>(
    'pods',
    '--namespace=nkvm',
    '--selector=app.kubernetes.io/component=sidecar'
  ).items.flatMap(pod => pod.status.containerStatuses?.map(container => container.imageID) ?? []);
