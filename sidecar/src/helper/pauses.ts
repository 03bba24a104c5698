import { setTimeout as sleep } from 'node:timers/promises';
import type { FollowPod } from '../cluster/watch/podChanges.ts';

/** Where a watch tells of changes, looks without a change are for the case that it does not. */
const WATCHED_LOOK_MS = 1_000;

/** Pauses between looks at one pod. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

/**
 * Calls `looks` with the pauses between its looks at a pod. They end as soon as the pod changes, where a watch tells.
 * @param follow absent: there is no watch, and each pause takes its time
 */
export async function withPauses<T>(
  follow: FollowPod | undefined,
  { namespace, pod }: { namespace: string; pod: string },
  looks: (pause: Pause) => Promise<T>
): Promise<T> {
  if (!follow) return await looks(async (ms, signal) => await sleep(ms, undefined, { signal }));
  const followed = follow(namespace, pod);
  try {
    return await looks((ms, signal) => followed.changed(Math.max(ms, WATCHED_LOOK_MS), signal));
  } finally {
    followed.end();
  }
}
