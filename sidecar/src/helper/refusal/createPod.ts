import type { Pod, Pods } from '../../cluster/gateway/pods.ts';
import type { PodLimits } from '../../cluster/limits/podLimits.ts';
import type { HelperSpec } from '../manifest.ts';
import { helperPod, wantedResources } from '../manifest.ts';
import { fitResources } from './fitResources.ts';
import { isAboutResources, refusalOf } from './refusal.ts';

/** The dependencies of the creation of a helper pod on a cluster. */
export interface PodCreation {
  pods: Pick<Pods, 'create'>;
  /** @returns undefined where NKVM may not read them. */
  readPodLimits?: (
    namespace: string,
    priorityClass: string | undefined
  ) => Promise<PodLimits | undefined>;
}

/**
 * Creates a helper pod as the settings want it. Where LimitRanges or quotas of the namespace refuse that, the pod is fitted
 * to them and asked for again.
 * @throws StageError where no helper pod fits; else ApiFailure: what the API server said last.
 */
export async function createPod(
  { pods, readPodLimits }: PodCreation,
  namespace: string,
  spec: HelperSpec,
  name: string
): Promise<Pod> {
  try {
    return await pods.create(namespace, helperPod(spec, name));
  } catch (error) {
    if (!isAboutResources(error)) throw error;
    const limits = await readPodLimits?.(namespace, spec.settings.priorityClass);
    if (!limits) throw error;
    const { resources, changes, misfits } = fitResources(wantedResources(spec.settings), limits);
    if (misfits.length > 0) throw refusalOf(namespace, error, misfits);
    if (changes.length === 0) throw error;
    return await pods.create(namespace, helperPod(spec, name, { resources, changes }));
  }
}
