import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import { clusterClient } from '../clients/clusterClient';
import { connectionTo } from './connection';
import type { Protector } from './place';

/**
 * Asks the NKVMs of other clusters of Headlamp whether they look after `cluster`, each with the person's token of its own cluster. Of
 * `cluster` nothing is sent to them: it is recognised by the UID of its namespace kube-system.
 *
 * @param others clusters of Headlamp. One whose NKVM does not answer, or does not tell this person, is left out.
 * @throws Error{status} as ApiProxy throws it, 403 for those who may not read that namespace
 */
export async function findProtectors(cluster: string, others: string[]): Promise<Protector[]> {
  const { metadata } = await ApiProxy.clusterRequest('/api/v1/namespaces/kube-system', {
    ...{ cluster, autoLogoutOnAuthError: false },
  });
  const uid: unknown = metadata?.uid;
  if (typeof uid !== 'string' || uid === '') return [];
  const answers = await Promise.allSettled(
    others.map(async runsIn => {
      const { clusters } = await clusterClient(connectionTo(runsIn)).clusters();
      return clusters
        .filter(each => !each.isOwn && each.uid === uid)
        .map(({ name }): Protector => ({ runsIn, as: name }));
    })
  );
  return answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []));
}
