import { MEMBER_RAW_BYTES } from '../archive/memberBytes.ts';
import type { LeaveOut } from './leaveOut.ts';
import { BY_RULE } from './leaveOut.ts';
import { INDEX_LIMIT_BYTES } from './manifest.ts';
import { VOLUME_PATH, WORK_PATH } from './names.ts';
import { HASH, program, shellProgram } from './program.ts';

/** Whether the pod hashes the tar, too, so that the archive can be compared after it was unpacked. */
export type PackLevel = 'checksum' | 'contents';

const PACK = program('pack.sh', '#');
/** Names of archives, their manifests and indexes, as a pattern; see archive/name.ts. */
export const ARCHIVE_NAMES = `*__*__*__${'[0-9]'.repeat(8)}T${'[0-9]'.repeat(
  6
)}Z__${'[0-9a-z]'.repeat(26)}.tar*`;

const VARIABLES = {
  archive_names: ARCHIVE_NAMES,
  member_bytes: `${MEMBER_RAW_BYTES}`,
  hash_js: HASH,
  members_js: program('members.cjs', '//'),
  messages_awk: program('messages.awk', '#'),
};

/**
 * The command that packs the volume and writes the archive to its standard output; see pack/pack.sh. Its exit code is 127
 * when the image lacks a tool, and its standard error then says which. Nothing was read then.
 * @param archive its name, for its index
 * @param leaveOut what is left out; its patterns must be in the pod before, see `patternsCommand`
 */
export const packCommand = (
  level: PackLevel,
  archive: string,
  leaveOut: LeaveOut = BY_RULE,
  { indexLimit = INDEX_LIMIT_BYTES, isDirect = false }: PackOptions = {}
): string[] =>
  shellProgram(
    'nkvm-pack',
    PACK,
    { ...VARIABLES, load_js: isDirect ? LOAD : '', index_limit: `${indexLimit}` },
    [
      VOLUME_PATH,
      WORK_PATH,
      level,
      archive,
      [...wordsOf(leaveOut), ...(isDirect ? ['direct'] : [])].join(' '),
    ]
  );

export interface PackOptions {
  /** Biggest size of the index, in bytes; there is none where it would be bigger. */
  indexLimit?: number | undefined;
  /** A program that comes over standard input takes the archive; see pack/load.cjs. */
  isDirect?: boolean;
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

/** Progress lines that the packing command writes to its standard error. */
export const WORKING = 'nkvm: working\n';

/** The command that shows the seal; it fails while there is none. */
export const sealCommand = (): string[] => ['cat', `${WORK_PATH}/seal`];

/** The command that writes the index, where the seal says that there is one. */
export const indexCommand = (): string[] => [
  'cat',
  `${WORK_PATH}/index.head`,
  `${WORK_PATH}/index.lines`,
];
