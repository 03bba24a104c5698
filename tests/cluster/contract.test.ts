import { randomBytes } from 'node:crypto';
import { Client } from '../contract/client.ts';
import { describeContract } from '../contract/contract.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';

describeContract('a real Kubernetes', async () => {
  const namespace = `contract-${randomBytes(4).toString('hex')}`;
  kubectl(['create', 'namespace', namespace]);
  return {
    kubeconfig: kubeconfigPath(),
    namespace,
    image: 'docker.io/nkvm/nkvm:dev',
    missingImage: 'nkvm.test/none:1',
    remembersAll: await knowsFirstVersion(),
    async close() {
      kubectl(['delete', 'namespace', namespace, '--wait=false']);
      kubectl(['delete', 'persistentvolume', `--selector=contract=${namespace}`, '--wait=false']);
    },
  };
});

async function knowsFirstVersion(): Promise<boolean> {
  const path = '/api/v1/events?resourceVersion=1&resourceVersionMatch=Exact&limit=1';
  const { status } = await new Client(kubeconfigPath()).get(path);
  return status !== 410;
}
