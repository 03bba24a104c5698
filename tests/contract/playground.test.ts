import { startPlayground } from '../playground/playground.ts';
import { describeContract } from './contract.ts';

describeContract('the playground', async () => {
  const playground = await startPlayground();
  const namespace = 'contract';
  playground.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  return {
    kubeconfig: playground.kubeconfigFor('admin'),
    namespace,
    image: 'docker.io/nkvm/nkvm:dev',
    missingImage: 'nkvm.test/none:1',
    remembersAll: false,
    close: () => playground.stop(),
  };
});
