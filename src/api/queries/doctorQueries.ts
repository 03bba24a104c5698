import { useQueries } from '@tanstack/react-query';
import type { DoctorReport } from '../../../sidecar/api';
import { type Asked, asked, clusterKey, queries } from '../cache';
import { connectionTo } from '../session/connection';

const key = (cluster: string) => [...clusterKey(cluster), 'doctor'];

/** The doctor's report on each cluster: made once, and again when somebody asks for it. */
export function useDoctorReports(
  clusters: string[]
): (Asked<DoctorReport> & { cluster: string; isRunning: boolean; run(): void })[] {
  const found = useQueries(
    {
      queries: clusters.map(cluster => ({
        queryKey: key(cluster),
        queryFn: async (): Promise<DoctorReport> =>
          (await connectionTo(cluster).send({ path: '/api/v1/doctor' })).json(),
        // Each report asks the API server some hundred questions.
        staleTime: Infinity,
      })),
    },
    queries
  );
  return clusters.map((cluster, index) => {
    const query = found[index]!;
    return {
      cluster,
      ...asked<DoctorReport>(query, key(cluster)),
      isRunning: query.isFetching,
      run: () => void query.refetch(),
    };
  });
}
