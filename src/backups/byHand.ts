import { NKVM_NAMESPACE } from '../../sidecar/api/names.ts';

/** Commands for a terminal, each of which works as it is pasted, in this order. */
export interface ByHand {
  /** Copies the archive out of the pod into the current directory, and checks that it is whole. */
  copy: string;
  /** Unpacks the copy into a new directory. */
  extract: string;
  /** Restores the copy into a claim, without NKVM, from a checkout of the repository. */
  intoClaim: string;
}

interface Archived {
  namespace: string;
  name: string;
  /** Path in the pod. */
  archive: string | null;
  sha256: string | null;
}

/**
 * What GNU tar needs to give back everything that is in an archive. As root it restores owners without being asked; for
 * others it could not, and would fail.
 */
const TAR =
  "tar --extract --gzip --preserve-permissions --numeric-owner --acls --xattrs --xattrs-include='*'";

/** @returns undefined for a path that a shell would change, and where there is no archive. */
export function byHand({ namespace, name, archive, sha256 }: Archived): ByHand | undefined {
  const file = archive?.split('/').at(-1);
  if (!archive || !file || !/^\/[\w./-]+$/.test(archive)) return undefined;
  const pod = `kubectl exec -n ${NKVM_NAMESPACE} deploy/nkvm --`;
  const copied = `${pod} cat ${archive} >${file}`;
  return {
    // `kubectl exec` can end early without an error.
    copy: sha256 ? `${copied} &&\n  echo '${sha256}  ${file}' | sha256sum --check` : copied,
    extract: `mkdir -p ${name} &&\n  ${TAR} --directory=${name} --file=${file}`,
    intoClaim: `sh deploy/restore.sh ${file} ${namespace}/${name}`,
  };
}
