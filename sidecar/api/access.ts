import { z } from 'zod';
import { VOLUME_ACTIONS } from './names.ts';

/** The actions that the caller may take on the volumes of a namespace, or on the one that is named. */
export const NamespaceAccess = z.strictObject({
  namespace: z.string(),
  user: z.string().describe('the user that the token belongs to'),
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
