import { parseArchiveName } from '../../archive/name.ts';
import type { Action, Subject } from '../../cluster/gateway/access.ts';
import { foreignArchive } from '../../destinations/foreignArchive.ts';
import type { Rights } from './rights.ts';
import { everywhere } from './runAccess.ts';

/** Rights on archives at destinations that no backup has. */
export interface ForeignRights {
  /** @param archive `KEY` or `DESTINATION/KEY`. @throws Refusal (503) when the API server did not say. */
  has(caller: Subject, archive: string, maxAgeMs?: number): Promise<boolean>;
  /** @throws Refusal (403) that names the missing right. */
  need(caller: Subject, archive: string): Promise<void>;
}

export interface ForeignRightsWorld {
  /** Of NKVM's own cluster: nobody else can give rights on archives whose origin is not known. */
  own: Rights;
  /** Name of NKVM's own cluster; absent: it is not known, and no archive counts as that of another one. */
  ownName?: string;
  /** Namespace of NKVM. */
  namespace?: string;
}

/**
 * | the archive | needed |
 * | --- | --- |
 * | any | `get persistentvolumeclaims/archive` in all namespaces of NKVM's own cluster |
 * | one that is named like those of another cluster, also one that NKVM does not know any more | `use clusters/NAME` of `nkvm.io` as well |
 */
export function foreignRights({ own, ownName, namespace = '' }: ForeignRightsWorld): ForeignRights {
  const neededFor = (archive: string): Action[] => {
    const name = parseArchiveName(foreignArchive(archive).key)?.cluster;
    const isOfOther = name !== undefined && ownName !== undefined && name !== ownName;
    return [everywhere('get', 'archive'), ...(isOfOther ? [useCluster(name, namespace)] : [])];
  };
  return {
    async has(caller, archive, maxAgeMs) {
      for (const right of neededFor(archive))
        if (!(await own.has(caller, right, maxAgeMs))) return false;
      return true;
    },
    async need(caller, archive) {
      for (const right of neededFor(archive)) await own.need(caller, right);
    },
  };
}

const useCluster = (name: string, namespace: string): Action => ({
  ...{ verb: 'use', group: 'nkvm.io', resource: 'clusters' },
  ...{ namespace, name },
});
