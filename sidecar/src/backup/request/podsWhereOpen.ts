import type { Pods } from '../../cluster/gateway/pods.ts';
import { StageError } from '../../errors.ts';
import { unselected } from './obstacle.ts';
import type { OpenNamespaces } from './openNamespaces.ts';

/**
 * Pods that are created only where a selector of namespaces lets NKVM. The API server does not know of it: it would create them.
 * @throws StageError (stage `create`) from `create`, also where it is not known what the namespace is
 */
export const podsWhereOpen = (pods: Pods, open: Pick<OpenNamespaces, 'ask'>): Pods => ({
  ...pods,
  async create(namespace, pod, signal) {
    switch (await open.ask(namespace)) {
      case 'unselected': {
        const { reason, message, hint } = unselected(namespace);
        throw new StageError('create', reason, message, hint, 'needs-action');
      }
      case 'unknown':
        throw new StageError(
          'create',
          'ApiUnreachable',
          `the API server did not say whether NKVM may create pods in namespace ${namespace}`,
          'nothing to do: NKVM tries again when the API server can be reached',
          'transient'
        );
      case true:
      case false: // the API server says why
        return await pods.create(namespace, pod, signal);
    }
  },
});
