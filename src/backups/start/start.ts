import type { Backup, VolumeRef } from '../../../sidecar/api';
import { MAX_VOLUMES_PER_REQUEST } from '../../../sidecar/api/names.ts';
import { failureOf } from '../../api/failure';
import type { Connection } from '../../api/session/connection';
import { type Trouble, troubleOf } from '../../api/trouble';

export interface Target extends VolumeRef {
  cluster: string;
}

export interface Refusal {
  target: Target;
  /** Stable, e.g. `ClaimNotBound`; null where the sidecar did not answer for this volume. */
  reason: string | null;
  message: string;
  hint: string;
  /** Why there was no answer for this volume. */
  trouble?: Trouble;
}

export interface Outcome {
  started: (Backup & { cluster: string })[];
  refused: Refusal[];
}

/** How backups are made; by default as it is configured for each volume. */
export interface How {
  /** Where to. */
  destinations?: string[];
  /** No increment, although one could be made. */
  form?: 'full';
}

type Start = Pick<Connection, 'isAdministrator'> & { client: Pick<Connection['client'], 'start'> };

/** Requests for single volumes are sent so many at a time. */
const AT_ONCE = 5;

/**
 * Starts backups of all `targets` that the sidecar accepts, and tells why it refused the others. A request whose volumes
 * are all refused has one answer for all of them, so that it is taken apart.
 */
export async function startAll(
  targets: Target[],
  connectionTo: (cluster: string) => Start,
  how?: How
): Promise<Outcome> {
  const outcome: Outcome = { started: [], refused: [] };
  const byCluster = groupsOf(targets, ({ cluster }) => cluster);
  await Promise.all(
    byCluster.map(async group => {
      const connection = connectionTo(group[0]!.cluster);
      // Without a token for all namespaces one request is good for one of them.
      const isAdministrator = await connection.isAdministrator().catch(() => false);
      const parts = isAdministrator ? [group] : groupsOf(group, ({ namespace }) => namespace);
      for (const request of parts.flatMap(part => chunksOf(part, MAX_VOLUMES_PER_REQUEST))) {
        await startRequest(request, connection, outcome, how);
      }
    })
  );
  return outcome;
}

async function startRequest(
  request: Target[],
  connection: Start,
  to: Outcome,
  how?: How
): Promise<void> {
  const { cluster, namespace } = request[0]!;
  try {
    const { backups, refused } = await connection.client.start(request, {
      namespace,
      ...how,
    });
    to.started.push(...backups.map(backup => ({ ...backup, cluster })));
    to.refused.push(
      ...refused.map(({ namespace, name, reason, message, hint }) => ({
        target: { cluster, namespace, name },
        reason,
        message,
        hint,
      }))
    );
  } catch (error) {
    const { status, message } = failureOf(error);
    if (request.length > 1 && isAboutTheVolumes(status)) {
      for (const few of chunksOf(request, AT_ONCE)) {
        await Promise.all(few.map(target => startRequest([target], connection, to, how)));
      }
    } else {
      const trouble = troubleOf(error);
      to.refused.push(
        ...request.map(target => ({ target, reason: null, message, hint: '', trouble }))
      );
    }
  }
}

/** Other failures would meet every volume of the request alike. */
const isAboutTheVolumes = (status: number) =>
  status >= 400 && status < 500 && ![401, 408, 429].includes(status);

function groupsOf<T>(all: T[], keyOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const key = keyOf(each);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

const chunksOf = <T>(all: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size)
  );

/** Refusals with one reason. */
export interface RefusalGroup {
  reason: string | null;
  refusals: Refusal[];
}

/** @returns the refusals by their reason, the most frequent first; those without one by what was said. */
export const groupedByReason = (refused: Refusal[]): RefusalGroup[] =>
  groupsOf(refused, ({ reason, message }) => reason ?? message)
    .map(refusals => ({ reason: refusals[0]!.reason, refusals }))
    .sort((a, b) => b.refusals.length - a.refusals.length);
