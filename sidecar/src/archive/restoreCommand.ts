import { archiveFormOf } from './name.ts';

/** Options with which GNU tar restores everything that a helper keeps; as root, because of owners and ACLs. */
const OPTIONS = [
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
 * @returns the command that restores an archive with GNU tar alone, ready for a POSIX shell. An encrypted one needs age, and
 *   the file `key.txt` with the secret key.
 */
export function restoreCommand(archive: string, directory?: string): string {
  const form = archiveFormOf(archive);
  const isEncrypted = form === 'tar.gz.age';
  const words = [
    'tar',
    '--extract',
    ...(form === 'tar' ? [] : ['--gzip']),
    ...OPTIONS,
    `--file=${isEncrypted ? '-' : quote(archive)}`,
  ];
  // GNU tar takes `host:path` for a tape drive on another machine.
  if (archive.includes(':') && !isEncrypted) words.push('--force-local');
  if (directory !== undefined) words.push(`--directory=${quote(directory)}`);
  const decrypt = `age --decrypt --identity=key.txt ${quote(archive)} | `;
  return (isEncrypted ? decrypt : '') + words.join(' ');
}

const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
