import type { Backup } from '../../sidecar/api';
import { NKVM_NAMESPACE } from '../../sidecar/api/names.ts';

/** Commands for a terminal, each of which works as it is pasted, in this order. */
export interface ByHand {
  /** Copies the archive out of the pod into the current directory, and checks that it is whole. */
  copy: string;
  /** Unpacks the copy into a new directory. An encrypted one needs the file `key.txt` with the secret key of age. */
  extract: string;
  /** Restores the copy into a claim, without NKVM, from a checkout of the repository. */
  intoClaim: string;
}

interface Archived extends Pick<Backup, 'namespace' | 'name' | 'sha256' | 'copies'> {
  /** Path in the pod. */
  archive: string | null;
}

/**
 * What GNU tar needs to give back everything that is in an archive. As root it restores owners without being asked; for
 * others it could not, and would fail.
 */
const TAR = "--preserve-permissions --numeric-owner --acls --xattrs --xattrs-include='*'";

/** @returns undefined for a path that a shell would change, and where there is no archive. */
export function byHand({ namespace, name, archive, sha256, copies }: Archived): ByHand | undefined {
  const file = archive?.split('/').at(-1);
  if (!archive || !file || !/^\/[\w./-]+$/.test(archive)) return undefined;
  const pod = `kubectl exec -n ${NKVM_NAMESPACE} deploy/nkvm --`;
  const copied = `${pod} cat ${archive} >${file}`;
  const isEncrypted = file.endsWith('.age');
  // Of an encrypted archive, the record has the checksum of what is in it, and that of the file beside it.
  const ofFile = isEncrypted ? copies.find(({ key }) => key === file)?.stored?.sha256 : sha256;
  const unzip = file.endsWith('.tar') ? '' : ' --gzip';
  const tar = `tar --extract${unzip} ${TAR} --directory=${name} --file=${isEncrypted ? '-' : file}`;
  const decrypt = isEncrypted ? `age --decrypt --identity=key.txt ${file} | ` : '';
  const identity = isEncrypted ? '--identity key.txt ' : '';
  return {
    // `kubectl exec` can end early without an error.
    copy: ofFile ? `${copied} &&\n  echo '${ofFile}  ${file}' | sha256sum --check` : copied,
    extract: `mkdir -p ${name} &&\n  ${decrypt}${tar}`,
    intoClaim: `sh deploy/restore.sh ${identity}${file} ${namespace}/${name}`,
  };
}
