import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Pod } from '../store/object.ts';
import { each, type Reconcile } from './loop.ts';
import { controllerRef } from './owned.ts';

const PODS = kindNamed('pods');
const CLAIMS = kindNamed('persistentvolumeclaims');

export const EPHEMERAL_WATCHES = ['pods'];

/** Makes the claims of generic ephemeral volumes, which live as long as their pods. */
export const ephemeralClaims =
  (objects: Objects): Reconcile =>
  () =>
    each(objects.store.list<Pod>(PODS), pod => {
      const { namespace = '', name, deletionTimestamp } = pod.metadata;
      if (deletionTimestamp) return;
      for (const { name: volume, ephemeral } of pod.spec.volumes ?? []) {
        const template = ephemeral?.volumeClaimTemplate;
        const claim = `${name}-${volume}`;
        if (!template || objects.store.get(CLAIMS, namespace, claim)) continue;
        const { labels, annotations } = template.metadata ?? {};
        objects.create(CLAIMS, namespace, {
          metadata: {
            name: claim,
            ...(labels && { labels }),
            ...(annotations && { annotations }),
            ownerReferences: [controllerRef(PODS, pod)],
          },
          spec: structuredClone(template.spec),
        });
      }
    });
