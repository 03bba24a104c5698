import type { Subject } from '../../cluster/gateway/access.ts';
import type { FoundRun } from '../../clusters/histories.ts';
import { Refusal } from '../entry/problems.ts';
import type { Rights } from '../rights/rights.ts';
import type { TokenReviews } from '../rights/tokenReviews.ts';
import type { HttpWorld } from '../server.ts';
import { maySeeCluster } from './remoteRights.ts';

/** The parts of one cluster that routes need. */
export type ClusterRoutesWorld = Pick<
  HttpWorld,
  | ('queue' | 'history' | 'admission' | 'inventory' | 'open' | 'coverage' | 'rights')
  | ('restores' | 'drills' | 'retention' | 'readsAs')
> & {
  /** Name of the cluster. */
  cluster: string;
  reviews: TokenReviews;
};

/** A cluster other than NKVM's own: its parts, or why there are none now. */
export type ClusterNow =
  | { world: ClusterRoutesWorld }
  | { problem: { reason: string; message: string; hint: string; isPassing: boolean } };

/** The clusters other than NKVM's own, as routes see them. */
export interface OtherClusters {
  names(): readonly string[];
  /** @returns undefined where there is no cluster of this name. */
  of(cluster: string): ClusterNow | undefined;
  /** @returns a run of any cluster, NKVM's own among them. */
  find(id: string): FoundRun | undefined;
}

export const noOtherClusters: OtherClusters = {
  names: () => [],
  of: () => undefined,
  find: () => undefined,
};

export interface ClusterChoice {
  clusters: OtherClusters;
  /** Of NKVM's own cluster. */
  own: Rights;
  /** Namespace of NKVM. */
  namespace: string;
}

/**
 * @returns the parts of a cluster other than NKVM's own
 * @throws Refusal: `ClusterNotFound` (404) also for a caller who may not know of it; names are not to be tried out. `ClusterUnreachable`
 *   (503), or what else keeps it from being used (409)
 */
export async function clusterNamed(
  caller: Subject,
  name: string,
  choice: ClusterChoice
): Promise<ClusterRoutesWorld> {
  const { clusters } = choice;
  const now = clusters.of(name);
  if (!now || !(await maySeeCluster(caller, name, choice))) {
    throw notFound(name, await namesFor(caller, choice));
  }
  if ('world' in now) return now.world;
  throw problemOf(now.problem);
}

/**
 * @param id of a run that was not found
 * @returns the problem of a cluster that the caller may know of, and that cannot be used for a while: its runs are not known now,
 *   and the run may be one of them. undefined: there is none
 */
export async function maybeElsewhere(
  caller: Subject,
  id: string,
  choice: ClusterChoice
): Promise<Refusal | undefined> {
  const { clusters } = choice;
  for (const name of clusters.names()) {
    const now = clusters.of(name);
    if (!now || 'world' in now || !now.problem.isPassing) continue;
    if (!(await maySeeCluster(caller, name, choice))) continue;
    const { problem } = now;
    return problemOf({
      ...problem,
      message: `${id} may be of cluster ${name}: ${problem.message}`,
    });
  }
  return undefined;
}

/** @returns the reviews of a cluster's tokens; undefined: there is none of this name. @throws Refusal where it cannot be asked now. */
export function reviewsIn(name: string, clusters: OtherClusters): TokenReviews | undefined {
  const now = clusters.of(name);
  if (!now) return undefined;
  if ('world' in now) return now.world.reviews;
  // Nobody has said who asks: the name that was sent is all that is told.
  throw new Refusal(
    503,
    'ClusterUnreachable',
    `cluster ${name} cannot be asked about the token now`,
    'try again when the API server of that cluster can be reached'
  );
}

const problemOf = ({
  reason,
  message,
  hint,
  isPassing,
}: Extract<ClusterNow, { problem: unknown }>['problem']): Refusal =>
  new Refusal(isPassing ? 503 : 409, reason, message, hint);

async function namesFor(caller: Subject, choice: ClusterChoice): Promise<string[]> {
  const names = choice.clusters.names();
  const seen = await Promise.all(names.map(name => maySeeCluster(caller, name, choice)));
  return names.filter((_, at) => seen[at]);
}

const notFound = (name: string, others: readonly string[]): Refusal =>
  new Refusal(
    404,
    'ClusterNotFound',
    `there is no cluster ${name}, or you may not see it`,
    others.length > 0
      ? `choose from: ${others.join(', ')}; without \`cluster\`, it is that of NKVM`
      : 'leave `cluster` out for the cluster of NKVM, or ask an administrator of NKVM'
  );
