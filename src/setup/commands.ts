import { USER_SERVICE_ACCOUNT } from '../../sidecar/api/names.ts';

/** The container port in deploy/k8s/app/deployment.yaml. */
export const POD_PORT = 8080;

/** Where the source of NKVM is. */
const REPOSITORY = 'https://github.com/nkvm-io/nkvm';

/** What an administrator applies to a cluster. */
export const MANIFESTS_URL = `${REPOSITORY}/tree/main/deploy/k8s`;

/** Runs in a copy of the repository: nobody should apply what a web page names. */
export const INSTALL_COMMAND = 'kubectl apply -k deploy/k8s';

/** ClusterRole of the people who see and start backups in a namespace of theirs. */
const OPERATOR_ROLE = 'nkvm-operator';

/** @returns the commands that let the people of `namespace` back up its volumes. */
export const admitUsersCommands = (namespace: string): string =>
  [
    `kubectl create serviceaccount ${USER_SERVICE_ACCOUNT} -n ${namespace}`,
    `kubectl create rolebinding ${OPERATOR_ROLE} -n ${namespace} --clusterrole ${OPERATOR_ROLE} ` +
      `--serviceaccount ${namespace}:${USER_SERVICE_ACCOUNT}`,
  ].join('\n');
