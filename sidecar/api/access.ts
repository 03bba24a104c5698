import { z } from 'zod';
import { VOLUME_ACTIONS } from './names.ts';

/** Where NKVM may run helper pods. */
export const Scope = z
  .enum(['namespaces', 'selector', 'cluster', 'unknown'])
  .describe(
    'where NKVM may run helper pods: `namespaces`: where its roles are bound one by one; `selector`: they are bound for the whole cluster, and NKVM uses the namespaces that NKVM_NAMESPACE_SELECTOR matches; `cluster`: in all namespaces; `unknown`: the API server does not say'
  );
export type Scope = z.infer<typeof Scope>;

/** The actions that the caller may take on the volumes of a namespace, or on the one that is named. */
export const NamespaceAccess = z.strictObject({
  namespace: z.string(),
  user: z.string().describe('the user that the token belongs to'),
  scope: Scope,
  actions: z.array(
    z.strictObject({
      action: z.enum(VOLUME_ACTIONS),
      allowed: z
        .boolean()
        .describe('on every volume of the namespace, or on the one that is named'),
      missing: z.array(z.string()).describe('rights, e.g. `create persistentvolumeclaims/backup`'),
      role: z.string().describe('the smallest ClusterRole that allows it'),
    })
  ),
});
export type NamespaceAccess = z.infer<typeof NamespaceAccess>;
