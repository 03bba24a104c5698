/** A place in a container, and the directory of this machine that stands for it. */
export interface Mount {
  /** E.g. `/volume`. */
  path: string;
  directory: string;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Containers are processes of this machine, and see its files. So wherever the path of a mount stands in what they are
 * told (words of a command, values of variables), the path of its directory is put in its place: in `/data`,
 * `/data/orders`, `--directory=/data` and `echo 1 > /data/count`, and not in `/database` or `/srv/data`. What a process
 * puts together by itself, and what it prints, stays as it is.
 */
export function rewrite(text: string, mounts: readonly Mount[]): string {
  const directories = new Map(mounts.map(({ path, directory }) => [path, directory]));
  const paths = [...directories.keys()].sort((a, b) => b.length - a.length).map(escaped);
  if (paths.length === 0) return text;
  const pattern = new RegExp(`(?<![\\w./-])(${paths.join('|')})(?![\\w.-])`, 'g');
  return text.replace(pattern, path => directories.get(path) ?? path);
}
