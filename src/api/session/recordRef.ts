import { type ClusterRef, partsOf, refTo } from '../clusterRef';
import { placeOf } from './place';

/** @returns how NKVM calls a cluster; undefined: it is its own. */
export function nameInNkvm(cluster: ClusterRef): string | undefined {
  const { home, name } = partsOf(cluster);
  return name ?? placeOf(home).as;
}

/** @returns the cluster of a record, which names it itself, whatever the address of the page says. */
export function refOfRecord(shownIn: ClusterRef, record: { cluster?: string }): ClusterRef {
  const { home } = partsOf(shownIn);
  // A cluster of Headlamp that an NKVM elsewhere backs up has another name there.
  return refTo(home, record.cluster === placeOf(home).as ? undefined : record.cluster);
}
