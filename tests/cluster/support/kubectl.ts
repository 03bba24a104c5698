import { ADMIN_KUBECONFIG } from '../machine/paths.ts';
import { run } from '../machine/run.ts';

/** Runs kubectl. @returns its stdout. @throws Error with the command and what it wrote to stderr. */
export type Kubectl = (args: readonly string[], input?: string | Buffer) => string;

/** @returns kubectl for one kubeconfig, whatever KUBECONFIG says. */
export const kubectlOf =
  (kubeconfig: string): Kubectl =>
  (args, input) =>
    run('kubectl', [`--kubeconfig=${kubeconfig}`, ...args], { input });

/** The cluster that the tests run against: KUBECONFIG where it is set, else the test cluster. */
export const kubeconfigPath = (): string => process.env.KUBECONFIG || ADMIN_KUBECONFIG;

/** Runs kubectl against the cluster that the tests run against. */
export const kubectl: Kubectl = (args, input) => kubectlOf(kubeconfigPath())(args, input);

/** Gets objects as they are. `args` are those of `kubectl get`. */
export const getJson = <T>(...args: string[]): T =>
  JSON.parse(kubectl(['get', '--output=json', ...args])) as T;
