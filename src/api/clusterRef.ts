/**
 * A cluster as our pages name it: one of Headlamp, `main`, whose NKVM is asked about its own volumes; or another cluster that this NKVM
 * backs up, `main/site-b`. Names of Headlamp's clusters are part of its paths and have no slash.
 */
export type ClusterRef = string;

interface Parts {
  /** The cluster of Headlamp whose NKVM is asked. */
  home: string;
  /** As that NKVM calls the other cluster; undefined: its own. */
  name?: string;
}

/** @param name of a cluster that the NKVM of `home` backs up; undefined or empty: its own. */
export const refTo = (home: string, name?: string): ClusterRef => (name ? `${home}/${name}` : home);

export function partsOf(cluster: ClusterRef): Parts {
  const [home = '', name] = cluster.split('/');
  return { home, name };
}

/** @returns the name of a cluster, for people. */
export function refText(cluster: ClusterRef): string {
  const { home, name } = partsOf(cluster);
  return name ?? home;
}

/** Whether Headlamp itself shows the objects of the cluster, and can change them. */
export const isOfHeadlamp = (cluster: ClusterRef): boolean => partsOf(cluster).name === undefined;
