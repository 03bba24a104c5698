import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import { StageError } from '../../errors.ts';
import type { RunRecord } from '../../history/history.ts';

/**
 * Makes sure that a claim is made in the namespace that was asked for. A run may wait for hours, and a namespace that was deleted
 * and created again meanwhile belongs to other people, who have no permission for the data.
 * @param live the namespace as it is now; undefined: there is none
 * @throws StageError (stage `create`, reason `NamespaceNotFound`)
 */
export function checkSameNamespace(
  { namespace, namespaceUid }: Pick<RunRecord, 'namespace' | 'namespaceUid'>,
  live: Pick<NamespaceFact, 'uid'> | undefined
): void {
  if (namespaceUid === null || live?.uid === namespaceUid) return;
  throw new StageError(
    'create',
    'NamespaceNotFound',
    live
      ? `namespace ${namespace} was deleted and created again since the request`
      : `namespace ${namespace} no longer exists`,
    'start it again, if the present owner of the namespace may have the data',
    'needs-action'
  );
}
