import { existsSync } from 'node:fs';
import { adminKubectl } from './admin-kubectl.ts';
import { ADMIN_KUBECONFIG, NODES } from './paths.ts';
import { census } from './processes.ts';
import { textOf } from './run.ts';

const NODE_NAMES = NODES.map(node => node.name);

/** @returns what keeps the cluster from being used, in a few words; undefined when nothing does. */
export function whyNotUp(): string | undefined {
  if (!existsSync(ADMIN_KUBECONFIG)) return 'it was not started';
  const { started, ended } = census();
  if (started === 0) return 'nothing of it was started';
  if (ended.length > 0) return `${ended.join(', ')} ended`;
  return whyNotReady();
}

/** As `whyNotUp`, asked of Kubernetes alone. */
export function whyNotReady(): string | undefined {
  try {
    adminKubectl('get', '--raw', '/readyz');
    adminKubectl('wait', '--for=condition=Ready', '--timeout=1s', 'node', ...NODE_NAMES);
    const drivers = '--for=jsonpath={.spec.drivers[0].name}=csi.nkvm.test';
    adminKubectl('wait', drivers, '--timeout=1s', 'csinode', ...NODE_NAMES);
    adminKubectl(
      'get',
      'storageclass/fast',
      'storageclass/immediate',
      'serviceaccount/default',
      '--namespace=default'
    );
    return undefined;
  } catch (error) {
    return textOf(error);
  }
}
