/** What GNU tar needs to give back everything that a helper keeps; as root, because of owners and ACLs. */
const OPTIONS = [
  '--extract',
  '--gzip',
  '--preserve-permissions',
  '--same-owner',
  '--numeric-owner',
  '--acls',
  '--xattrs',
  "--xattrs-include='*'",
];

/**
 * @param archive path of the archive
 * @param directory where to; without it, the directory in which the command is run
 * @returns the command that restores an archive with GNU tar alone, ready for a POSIX shell
 */
export function restoreCommand(archive: string, directory?: string): string {
  const words = ['tar', ...OPTIONS, `--file=${quote(archive)}`];
  // GNU tar takes `host:path` for a tape drive on another machine.
  if (archive.includes(':')) words.push('--force-local');
  if (directory !== undefined) words.push(`--directory=${quote(directory)}`);
  return words.join(' ');
}

const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
