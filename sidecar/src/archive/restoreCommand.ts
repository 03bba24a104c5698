import { archiveFormOf, archiveNameIn } from './name.ts';

/** Options with which GNU tar restores everything that a helper keeps; as root, because of owners and ACLs. */
const OPTIONS = [
  '--preserve-permissions',
  // The directories of a chain come before everything that is in them.
  '--delay-directory-restore',
  '--same-owner',
  '--numeric-owner',
  '--acls',
  '--xattrs',
  "--xattrs-include='*'",
];

/** Where an archive is restored to, and what before it. */
export interface ByHand {
  /** Where to; without it, the directory in which the command is run. */
  directory?: string | undefined;
  /** Of an increment: names of the archives that it needs, in their order, as the helper made them; they are beside it. */
  links?: readonly string[] | undefined;
}

/**
 * @param archive path of the archive
 * @returns the command that restores an archive with GNU tar alone, ready for a POSIX shell. An encrypted one needs age, and
 *   the file `key.txt` with the secret key. An increment needs an empty directory: tar deletes in each step what is not in it.
 */
export function restoreCommand(archive: string, { directory, links = [] }: ByHand = {}): string {
  const form = archiveFormOf(archive);
  const isEncrypted = form === 'tar.gz.age';
  const isChain = links.length > 0;
  const file = isChain ? '"$archive"' : quote(archive);
  const words = [
    'tar',
    '--extract',
    ...(form === 'tar' ? [] : ['--gzip']),
    ...(isChain ? ['--listed-incremental=/dev/null'] : []),
    // Inside of a script in single quotes, double ones are easier to read.
    ...OPTIONS.map(option => (isChain ? option.replaceAll("'", '"') : option)),
    `--file=${isEncrypted ? '-' : file}`,
  ];
  // GNU tar takes `host:path` for a tape drive on another machine.
  if (archive.includes(':') && !isEncrypted) words.push('--force-local');
  if (directory !== undefined) words.push(`--directory=${quote(directory)}`);
  const decrypt = `age --decrypt --identity=key.txt ${file} | `;
  const command = (isEncrypted ? decrypt : '') + words.join(' ');
  if (!isChain) return command;
  const folder = archive.slice(0, archive.lastIndexOf('/') + 1);
  const before = links.map(link => quote(folder + (form ? archiveNameIn(link, form) : link)));
  // It ends at the first archive that cannot be restored.
  const script = `for archive; do ${command}; done`;
  return `sh -ec ${quoted(script)} - ${[...before, quote(archive)].join(' ')}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text));
