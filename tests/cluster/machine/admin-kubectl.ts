import { ADMIN_KUBECONFIG } from './paths.ts';
import { run } from './run.ts';

/** Runs kubectl as the administrator of the test cluster, whatever KUBECONFIG says. @returns its stdout. */
export const adminKubectl = (...args: string[]): string =>
  run('kubectl', [`--kubeconfig=${ADMIN_KUBECONFIG}`, '--request-timeout=10s', ...args]);
