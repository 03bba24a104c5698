import { MEMBER_RAW_BYTES } from '../archive/memberBytes.ts';
import { INDEX_LIMIT_BYTES } from './manifest.ts';
import { VOLUME_PATH, WORK_PATH } from './names.ts';
import { HASH, program, shellProgram } from './program.ts';

/** Whether the pod hashes the tar, too, so that the archive can be compared after it was unpacked. */
export type PackLevel = 'checksum' | 'contents';

const PACK = program('pack.sh', '#');
const VARIABLES = {
  member_bytes: `${MEMBER_RAW_BYTES}`,
  hash_js: HASH,
  members_js: program('members.cjs', '//'),
  messages_awk: program('messages.awk', '#'),
};

/**
 * The command that packs the volume and writes the archive to its standard output; see pack/pack.sh. Its exit code is 127
 * when the image lacks a tool, and its standard error then says which. Nothing was read then.
 * @param archive its name, for its index
 * @param indexLimit biggest size of the index, in bytes; there is none where it would be bigger
 */
export const packCommand = (
  level: PackLevel,
  archive: string,
  indexLimit = INDEX_LIMIT_BYTES
): string[] =>
  shellProgram('nkvm-pack', PACK, { ...VARIABLES, index_limit: `${indexLimit}` }, [
    VOLUME_PATH,
    WORK_PATH,
    level,
    archive,
  ]);

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
