import type { JobEnd, JobKind, JobKinds } from '../jobs/job.ts';

/**
 * @param isAway whether the API server of the cluster does not answer now
 * @returns the same kinds, whose failures name the cluster
 */
export function withNamedEnds(kinds: JobKinds, cluster: string, isAway: () => boolean): JobKinds {
  const named = (end: JobEnd): JobEnd => {
    if (end.status !== 'failed') return end;
    const message = end.message ?? '';
    if (!isAway()) return { ...end, message: `in cluster ${cluster}: ${message}` };
    return {
      ...end,
      reason: 'ClusterUnreachable',
      message: `cluster ${cluster} does not answer: ${message}`,
      hint: `see whether the API server of cluster ${cluster} can be reached from NKVM; NKVM tries the run again when it answers`,
      failureClass: 'transient',
    };
  };
  return Object.fromEntries(
    Object.entries(kinds).map(([name, kind]): [string, JobKind] => [
      name,
      {
        ...kind,
        work: async (run, report, signal) => named(await kind.work(run, report, signal)),
      },
    ])
  );
}
