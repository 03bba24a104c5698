const REPOSITORY = 'https://github.com/nkvm-io/nkvm';

/** What an administrator applies to a cluster. */
export const MANIFESTS_URL = `${REPOSITORY}/tree/main/deploy/k8s`;

export const INSTALL_COMMAND = `kubectl apply -k "${REPOSITORY}//deploy/k8s?ref=main"`;
