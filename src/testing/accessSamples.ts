import { NamespaceAccess } from '../../sidecar/api';
import { RIGHTS_OF_ACTIONS, textOfClaimRight, VOLUME_ACTIONS } from '../../sidecar/api/names.ts';

/** What NKVM says to somebody who has these rights in namespace shop, e.g. `create persistentvolumeclaims/backup`. */
export const accessOf = (...held: string[]): NamespaceAccess =>
  NamespaceAccess.parse({
    namespace: 'shop',
    user: 'system:serviceaccount:shop:nkvm-user',
    scope: 'namespaces',
    actions: VOLUME_ACTIONS.map(action => {
      const { rights, role } = RIGHTS_OF_ACTIONS[action];
      const missing = rights.map(textOfClaimRight).filter(right => !held.includes(right));
      return { action, allowed: missing.length === 0, missing, role };
    }),
  });
