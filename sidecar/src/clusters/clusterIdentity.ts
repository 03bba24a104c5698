import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../files.ts';
import type { ClusterProblem } from './problem.ts';

/** Where the history of a cluster is, beside that of NKVM's own. */
export const historyPathOf = (metadataDbPath: string, cluster: string): string =>
  join(dirname(metadataDbPath), 'clusters', cluster, 'nkvm.db');

const uidPathOf = (historyPath: string): string => join(dirname(historyPath), 'cluster-uid');

export interface IdentityFacts {
  name: string;
  /** UID of its namespace `kube-system`, as its API server says. */
  uid: string;
  /** The UID that the history of this name belongs to; undefined: there is none yet. */
  known: string | undefined;
  /** UIDs of the other clusters, by their names. */
  others: ReadonlyMap<string, string>;
}

/**
 * Decides whether an API server may be used under the name of a cluster. It says itself which cluster it is, and nobody has to trust
 * it: the histories and archives of another cluster must not be opened by saying so.
 *
 * | the UID | |
 * | --- | --- |
 * | is that of another cluster | refused |
 * | is not the one that this name had before | refused |
 * | any other | taken, and remembered |
 */
export function identityProblem({
  name,
  uid,
  known,
  others,
}: IdentityFacts): ClusterProblem | undefined {
  for (const [other, of] of others) {
    if (of !== uid) continue;
    return {
      reason: 'ClusterKnownAlready',
      message: `cluster ${name} says that it is the cluster ${other}: its namespace kube-system has the same UID`,
      hint: `remove one of the two, or give ${name} a kubeconfig of another cluster`,
    };
  }
  if (known === undefined || known === uid) return undefined;
  return {
    reason: 'ClusterReplaced',
    message: `the API server of cluster ${name} is that of another cluster than before: its namespace kube-system has another UID`,
    hint: `add it under another name; backups of the cluster that was called ${name} stay as they are`,
  };
}

/** @returns the UID that the history at this path belongs to; undefined: there is none. */
export async function readKnownUid(historyPath: string): Promise<string | undefined> {
  try {
    return (await readFile(uidPathOf(historyPath), 'utf8')).trim() || undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Remembers the UID before the first run is recorded there. */
export async function writeKnownUid(historyPath: string, uid: string): Promise<void> {
  await mkdir(dirname(historyPath), { recursive: true });
  await writeFile(uidPathOf(historyPath), `${uid}\n`);
}
