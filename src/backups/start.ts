import type { Backup, VolumeRef } from '../../sidecar/api';
import { MAX_VOLUMES_PER_REQUEST } from '../../sidecar/api/names.ts';
import type { Client } from '../api/client';
import { failureOf } from '../api/failure';

export interface Target extends VolumeRef {
  cluster: string;
}

export interface Outcome {
  started: (Backup & { cluster: string })[];
  refused: { target: Target; message: string }[];
}

/**
 * Starts backups of all `targets` that the sidecar takes. It takes a request whole or not at all, so a refused one is
 * taken apart: a volume that cannot be backed up does not keep the others from it.
 */
export async function startAll(
  targets: Target[],
  clientOf: (cluster: string) => Pick<Client, 'start'>
): Promise<Outcome> {
  const outcome: Outcome = { started: [], refused: [] };
  const pending = requestsFor(targets);
  for (let request = pending.shift(); request; request = pending.shift()) {
    const { cluster } = request[0]!;
    try {
      const backups = await clientOf(cluster).start(
        request.map(({ namespace, name }) => ({ namespace, name }))
      );
      outcome.started.push(...backups.map(backup => ({ ...backup, cluster })));
    } catch (error) {
      const { status, message } = failureOf(error);
      if (request.length > 1 && isAboutTheVolumes(status)) {
        pending.unshift(...request.map(target => [target]));
      } else {
        outcome.refused.push(...request.map(target => ({ target, message })));
      }
    }
  }
  return outcome;
}

/** One token is good for one namespace, and a request has a biggest size. */
function requestsFor(targets: Target[]): Target[][] {
  const groups = new Map<string, Target[]>();
  for (const target of targets) {
    const key = `${target.cluster}/${target.namespace}`;
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  return [...groups.values()].flatMap(group =>
    Array.from({ length: Math.ceil(group.length / MAX_VOLUMES_PER_REQUEST) }, (_, index) =>
      group.slice(index * MAX_VOLUMES_PER_REQUEST, (index + 1) * MAX_VOLUMES_PER_REQUEST)
    )
  );
}

/** Other failures would meet every volume of the request alike. */
const isAboutTheVolumes = (status: number) =>
  status >= 400 && status < 500 && ![401, 408, 429].includes(status);
