import { partsOf, refTo } from '../../api/clusterRef';
import type { Draft } from './draft';

/** @returns the cluster that is restored into. @param cluster of the backup; see `ClusterRef` for both */
export const intoOf = (cluster: string, { into }: Pick<Draft, 'into'>): string =>
  into === undefined ? cluster : refTo(partsOf(cluster).home, into);
