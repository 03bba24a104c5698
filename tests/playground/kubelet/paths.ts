/** A directory in a container, and the directory of this machine in its place. */
export interface Mount {
  /** E.g. `/volume`. */
  path: string;
  directory: string;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Containers are processes of this machine, and see its files. So the path of a mount is replaced by the
 * path of its directory in commands and in values of variables: in `/data`, `/data/orders`, `--directory=/data` and
 * `echo 1 > /data/count`, and not in `/database` or `/srv/data`. Paths that a process builds by itself, and its output,
 * are not replaced.
 */
export function rewrite(text: string, mounts: readonly Mount[]): string {
  const directories = new Map(mounts.map(({ path, directory }) => [path, directory]));
  const paths = [...directories.keys()].sort((a, b) => b.length - a.length).map(escaped);
  if (paths.length === 0) return text;
  const pattern = new RegExp(`(?<![\\w./-])(${paths.join('|')})(?![\\w.-])`, 'g');
  return text.replace(pattern, path => directories.get(path) ?? path);
}
