import { MEMBER_RAW_BYTES } from '../../archive/memberBytes.ts';
import type { LeaveOut } from '../leaveOut.ts';
import { BY_RULE } from '../leaveOut.ts';
import { INDEX_LIMIT_BYTES } from '../manifest.ts';
import { VOLUME_PATH, WORK_PATH } from '../names.ts';
import { HASH, program, shellProgram } from '../program.ts';

/** Whether the pod hashes the tar, too, so that the archive can be compared after it was unpacked. */
export type PackLevel = 'checksum' | 'contents';

const PACK = program('pack.sh', '#');
/** Names of archives, their manifests and indexes, as a pattern; see archive/name.ts. */
const ARCHIVE_NAMES = `*__*__*__${'[0-9]'.repeat(8)}T${'[0-9]'.repeat(6)}Z__${'[0-9a-z]'.repeat(
  26
)}.tar*`;

/** Of entries that cannot be read, so many are counted. */
export const MOST_UNREADABLE = 1_000;

const VARIABLES = {
  archive_names: ARCHIVE_NAMES,
  member_bytes: `${MEMBER_RAW_BYTES}`,
  hash_js: HASH,
  members_js: program('members.cjs', '//'),
  messages_awk: program('messages.awk', '#'),
};

/**
 * The command that packs the volume and writes the archive to its standard output; see pack.sh. Its exit code is 127
 * when the image lacks a tool, and its standard error then says which. Nothing was read then.
 * @param archive its name, for its index
 * @param leaveOut what is left out; its patterns must be in the pod before, see `patternsCommand`
 */
export const packCommand = (
  level: PackLevel,
  archive: string,
  leaveOut: LeaveOut = BY_RULE,
  {
    indexLimit = INDEX_LIMIT_BYTES,
    isDirect = false,
    isLink = false,
    readsHoles = false,
    compressors = COMPRESSORS,
  }: PackOptions = {}
): string[] =>
  shellProgram(
    'nkvm-pack',
    PACK,
    {
      ...VARIABLES,
      load_js: isDirect ? LOAD : '',
      most_compressors: `${compressors}`,
      index_limit: `${indexLimit}`,
    },
    [
      VOLUME_PATH,
      WORK_PATH,
      level,
      archive,
      [
        ...wordsOf(leaveOut),
        ...(isDirect ? ['direct'] : []),
        ...(isLink ? ['chain'] : []),
        ...(readsHoles ? ['holes'] : []),
      ].join(' '),
    ]
  );

/**
 * The command that packs nothing, and writes the names of the first entries that it cannot read, each with a NUL byte.
 * @param leaveOut as for `packCommand`
 */
export const unreadableCommand = (leaveOut: LeaveOut): string[] =>
  shellProgram(
    'nkvm-unreadable',
    PACK,
    {
      archive_names: ARCHIVE_NAMES,
      unreadable_sh: program('unreadable.sh', '#'),
      most_unreadable: `${MOST_UNREADABLE}`,
    },
    [VOLUME_PATH, WORK_PATH, 'checksum', '', [...wordsOf(leaveOut), 'unreadable'].join(' ')]
  );

/** The program of `compressors` beside each other. */
const PARALLEL = program('parallel.cjs', '//');

/**
 * The first lines of the input of a command with `isDirect`: one for the shell, which keeps it in a file, and one for load.cjs,
 * which keeps it in its memory, because it is secret.
 * @param program that takes the archive @param more what it needs, e.g. a token
 */
export const firstLines = (
  program: string,
  more: object,
  { parallel = PARALLEL }: { parallel?: string | undefined } = {}
): string => `${JSON.stringify({ parallel })}\n${JSON.stringify({ program, ...more })}\n`;

/** Default for the number of compressors that may run beside each other. */
export const COMPRESSORS = 4;

export interface PackOptions {
  /** Biggest size of the index, in bytes; there is none where it would be bigger. */
  indexLimit?: number | undefined;
  /** A program that comes over standard input takes the archive; see load.cjs. */
  isDirect?: boolean;
  /** The archive becomes a link of a chain; `chainCommand` must have run before. */
  isLink?: boolean | undefined;
  /** tar reads holes as zeros, so that it reads data that uses no block. */
  readsHoles?: boolean | undefined;
  /** How many compressors may run beside each other where the node has idle cores. */
  compressors?: number | undefined;
}

const LOAD = program('load.cjs', '//');

const wordsOf = ({ patterns, includes }: LeaveOut): string[] => [
  ...includes,
  ...(patterns.length > 0 ? ['patterns'] : []),
];

const TAKE_PATTERNS = `umask 077; cat >"$0/patterns" && echo "$1  $0/patterns" | sha256sum --check --status`;

/** The command that takes patterns for tar from its standard input. It fails when something else arrives. */
export const patternsCommand = (sha256: string): string[] => [
  'sh',
  '-c',
  TAKE_PATTERNS,
  WORK_PATH,
  sha256,
];

const TAKE_CHAIN = `umask 077
cd "$1" || exit 125
printf '%s\\n' "$chain_sh" >chain.sh
printf '%s\\n' "$known_js" >known.cjs
printf '%s\\n' "$snapshot_js" >snapshot.cjs
rm -f base.gz
[ -z "$2" ] || { cat >base.new && echo "$2  base.new" | sha256sum --check --status && mv base.new base.gz; }`;

const CHAIN = {
  chain_sh: program('chain.sh', '#'),
  known_js: program('known.cjs', '//'),
  snapshot_js: program('snapshot.cjs', '//'),
};

/**
 * The command that prepares a link of a chain: it takes the snapshot file of the archive before from its standard input. It fails
 * when something else arrives.
 * @param sha256 of that file; undefined: there is none, and a full archive is made
 */
export const chainCommand = (sha256: string | undefined): string[] =>
  shellProgram('nkvm-chain', TAKE_CHAIN, CHAIN, [WORK_PATH, sha256 ?? '']);

/** The command that writes the snapshot file, where the seal says that there is one. */
export const snapshotCommand = (): string[] => ['cat', `${WORK_PATH}/snapshot.gz`];

/** Progress lines that the packing command writes to its standard error. */
export const WORKING = 'nkvm: working\n';

/** Of the files beside an archive, so much comes with the seal: small ones need no command of their own. */
export const WITH_SEAL_BYTES = 32 * 1024;

const SHOW_SEAL = `cd "$0" || exit
show() { cat "$@" 2>/dev/null | head -c ${WITH_SEAL_BYTES} | base64 -w 0; echo; }
[ ! -e seal ] || { show index.head index.lines; show snapshot.gz; }
exec cat seal`;

/**
 * The command that shows the seal, after a line with the beginning of the index and one with that of the snapshot file, in
 * Base64; each is empty where there is no such file. It fails while there is no seal.
 */
export const sealCommand = (): string[] => ['sh', '-c', SHOW_SEAL, WORK_PATH];

/** The command that writes the index, where the seal says that there is one. */
export const indexCommand = (): string[] => [
  'cat',
  `${WORK_PATH}/index.head`,
  `${WORK_PATH}/index.lines`,
];
