/** A cluster whose claims this one continues: their backups are restored here. */
export interface ContinuedCluster {
  /** UID of its namespace kube-system, as in `clusterUid` of its manifests. */
  uid: string;
  /** For people. */
  name: string;
}

/** `none`: a person has said that this cluster continues no other; undefined: nobody has said anything. */
export type Continues = readonly ContinuedCluster[] | 'none' | undefined;

const NAME = /^[A-Za-z0-9][A-Za-z0-9.@:_/-]{0,100}$/;
const UID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * @param text `none`, or `NAME=UID` of each cluster, separated by commas. Names of clusters are not unique: the UID counts.
 * @returns undefined for a text that is not valid
 */
export function continuesOf(text: string): readonly ContinuedCluster[] | 'none' | undefined {
  if (text.trim() === 'none') return 'none';
  const clusters: ContinuedCluster[] = [];
  for (const part of text.split(',').map(each => each.trim())) {
    const [name = '', uid = part, ...more] = part.split('=');
    if (more.length > 0 || !NAME.test(name) || !UID.test(uid)) return undefined;
    if (clusters.some(each => each.uid === uid)) return undefined;
    clusters.push({ uid, name });
  }
  return clusters;
}
