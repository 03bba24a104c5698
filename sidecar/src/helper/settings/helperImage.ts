import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { Pods } from '../../cluster/gateway/pods.ts';
import { textOf } from '../../errors.ts';
import type { Log } from '../../log.ts';

/** Where nothing says which image NKVM itself runs from. */
export const DEFAULT_HELPER_IMAGE = 'docker.io/nkvm/nkvm:dev';

/** The container of the Deployment in `deploy/k8s`. */
const OWN_CONTAINER = 'nkvm';

export interface HelperImageWorld {
  pods: Pick<Pods, 'get'>;
  log: Pick<Log, 'warn'>;
  signal?: AbortSignal;
  /** The setting, which comes before the image of the pod. */
  set: string | undefined;
  /** The pod that this process runs in; undefined: it runs outside of the cluster. */
  ownPod: { namespace: string; name: string } | undefined;
}

/**
 * Decides the image of helper pods. By default it is the image of NKVM's own pod, so that a kustomization or a registry
 * mirror that changes the one changes the other.
 * @throws ApiFailure when the API server does not answer now; not when it refuses.
 */
export async function helperImageOf(world: HelperImageWorld): Promise<string> {
  const { pods, log, signal, set, ownPod } = world;
  if (set !== undefined) return set;
  if (!ownPod) return DEFAULT_HELPER_IMAGE;
  const { image, why } = await imageOf(pods, ownPod, signal);
  if (image !== undefined) return image;
  log.warn(
    {},
    `helper pods use ${DEFAULT_HELPER_IMAGE}, because the image of pod ${ownPod.namespace}/${ownPod.name} is not known: ${why}; set NKVM_HELPER_IMAGE`
  );
  return DEFAULT_HELPER_IMAGE;
}

async function imageOf(
  pods: Pick<Pods, 'get'>,
  { namespace, name }: { namespace: string; name: string },
  signal?: AbortSignal
): Promise<{ image?: string | undefined; why?: string }> {
  try {
    const pod = await pods.get(namespace, name, signal);
    if (!pod) return { why: 'there is no pod of this name' };
    const containers = pod.spec?.containers ?? [];
    const own = containers.find(container => container.name === OWN_CONTAINER);
    const only = containers.length === 1 ? containers[0] : undefined;
    return { image: (own ?? only)?.image, why: `it has no container ${OWN_CONTAINER}` };
  } catch (error) {
    if (error instanceof ApiFailure && error.kind === 'refused') return { why: textOf(error) };
    throw error;
  }
}
