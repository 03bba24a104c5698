import type { ClusterState, MissingRight } from '../../sidecar/api';
import {
  RESTORE_CLUSTER_ROLE,
  RUNNER_SERVICE_ACCOUNT,
  RUNTIME_CLUSTER_ROLE,
} from '../../sidecar/api/names.ts';
import type { Translate } from '../ui/text';

export function stateText(state: ClusterState, t: Translate): string {
  switch (state) {
    case 'ready':
      return t('Ready');
    case 'unknown':
      return t('Not known yet');
    case 'unreachable':
      return t('Unreachable');
    case 'refused':
      return t('Not used');
  }
}

/** @returns a right as `kubectl auth can-i` takes it, e.g. `list deployments.apps`. */
export const rightText = ({ verb, group, resource }: MissingRight): string =>
  `${verb} ${group ? `${resource}.${group}` : resource}`;

/** Run in a copy of the repository, as an administrator of the other cluster. */
export const PREPARE_REMOTE_COMMAND = 'kubectl apply --server-side -k deploy/k8s/remote';

/** The same, and opens a namespace. docs/operations/clusters.md has them, too. */
export const PREPARE_COMMANDS = [
  PREPARE_REMOTE_COMMAND,
  ...[RUNTIME_CLUSTER_ROLE, RESTORE_CLUSTER_ROLE].map(
    role =>
      `kubectl create rolebinding ${role} -n NAMESPACE --clusterrole ${role} ` +
      `--serviceaccount nkvm:${RUNNER_SERVICE_ACCOUNT}`
  ),
].join('\n');

export const kubeconfigCommands = (name: string): string => {
  const secret = `kubectl get secret ${RUNNER_SERVICE_ACCOUNT}-token -n nkvm --output`;
  return [
    "SERVER=$(kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}')",
    `${secret} 'jsonpath={.data.ca\\.crt}' | base64 -d > ca.crt`,
    `TOKEN=$(${secret} 'jsonpath={.data.token}' | base64 -d)`,
    `export KUBECONFIG=./${name}.kubeconfig`,
    `kubectl config set-cluster ${name} --server="$SERVER" --certificate-authority=ca.crt --embed-certs`,
    'kubectl config set-credentials nkvm --token="$TOKEN"',
    `kubectl config set-context ${name} --cluster=${name} --user=nkvm`,
    `kubectl config use-context ${name}`,
  ].join('\n');
};
