import type { Backup } from '../../../sidecar/api';

/** Commands for a terminal, each of which works as it is pasted, in this order. */
export interface ByHand {
  /** Copies the archive out of the pod into the current directory, and checks that it is whole. */
  copy: string;
  /** Unpacks the copy into a new directory. An encrypted one needs the file `key.txt` with the secret key of age. */
  extract: string;
  /** Restores the copy into a claim, without NKVM, from a checkout of the repository. */
  intoClaim: string;
}

interface Archived extends Pick<Backup, 'namespace' | 'name' | 'sha256' | 'copies' | 'chain'> {
  /** Path in the pod. */
  archive: string | null;
}

/**
 * The flags that GNU tar needs to restore everything in an archive. As root it restores owners by default; for other users
 * it could not, and would fail.
 */
const TAR =
  "--preserve-permissions --delay-directory-restore --numeric-owner --acls --xattrs --xattrs-include='*'";

/**
 * @param home the namespace of NKVM.
 * @returns undefined for a path that a shell would change, and where there is no archive.
 */
export function byHand(backup: Archived, home: string): ByHand | undefined {
  const { namespace, name, archive, sha256, copies, chain } = backup;
  const file = archive?.split('/').at(-1);
  if (!archive || !file || !/^\/[\w./-]+$/.test(archive)) return undefined;
  const isEncrypted = file.endsWith('.age');
  const folder = archive.slice(0, -file.length);
  // Of an encrypted archive, the record has the checksum of what is in it, and that of the file beside it.
  const ofFile = isEncrypted ? copies.find(({ key }) => key === file)?.stored?.sha256 : sha256;
  const links = (chain?.links ?? []).map(link => ({
    file: isEncrypted ? `${link.archive}.age` : link.archive,
    sha256: isEncrypted ? null : link.sha256,
  }));
  const pod = `kubectl exec -n ${home} deploy/nkvm --`;
  const copied = [...links, { file, sha256: ofFile }].map(each => copyOf(pod, folder, each));
  // restore.sh reads from it which archives come before.
  if (links.length > 0) copied.push(copyOf(pod, folder, { file: `${file}.json`, sha256: null }));
  const identity = isEncrypted ? '--identity key.txt ' : '';
  return {
    copy: copied.join(' &&\n'),
    extract: `mkdir -p ${name} &&\n  ${extract(name, [...links.map(link => link.file), file])}`,
    intoClaim: `sh deploy/restore.sh ${identity}${file} ${namespace}/${name}`,
  };
}

/** `kubectl exec` can end early without an error, so a checksum is compared where it is known. */
function copyOf(
  pod: string,
  folder: string,
  { file, sha256 }: { file: string; sha256: string | null | undefined }
): string {
  const copied = `${pod} cat ${folder}${file} >${file}`;
  return sha256 ? `${copied} &&\n  echo '${sha256}  ${file}' | sha256sum --check` : copied;
}

/** @param files the archives, of which the last is the one that is wanted */
function extract(directory: string, files: readonly string[]): string {
  const [last = ''] = files.slice(-1);
  const isChain = files.length > 1;
  const file = isChain ? '"$archive"' : last;
  const isEncrypted = last.endsWith('.age');
  const unzip = last.endsWith('.tar') ? '' : ' --gzip';
  const incremental = isChain ? ' --listed-incremental=/dev/null' : '';
  const tar =
    `tar --extract${unzip}${incremental} ${TAR} ` +
    `--directory=${directory} --file=${isEncrypted ? '-' : file}`;
  const command = (isEncrypted ? `age --decrypt --identity=key.txt ${file} | ` : '') + tar;
  if (!isChain) return command;
  const script = `for archive; do ${command.replaceAll("'", '"')}; done`;
  return `sh -ec '${script}' - \\\n  ${files.join(' \\\n  ')}`;
}
