import { ADMIN_KUBECONFIG, API_ADDRESS } from '../machine/paths.ts';
import { kubeconfigPath } from './kubectl.ts';

/** An address of this machine that pods of the test cluster reach: the one of its API server. */
export const HOST_FOR_PODS = API_ADDRESS;

/** Why pods cannot reach servers that a test starts; undefined: they can. */
export const podsReachNothing: string | undefined =
  kubeconfigPath() === ADMIN_KUBECONFIG
    ? undefined
    : 'the pods of the cluster that KUBECONFIG names reach no server of this machine';
