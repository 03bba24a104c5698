import { VOLUME_PATH, WORK_PATH } from './names.ts';
import { HASH, program } from './program.ts';

/** Whether the pod hashes the tar, too, so that the archive can be compared after it was unpacked. */
export type PackLevel = 'checksum' | 'contents';

const PACK = program('pack.sh', '#');
const MESSAGES = program('messages.awk', '#');

/**
 * The command that packs the volume and writes the archive to its standard output; see pack/pack.sh. Its exit code is 127
 * when the image lacks a tool, and its standard error then says which. Nothing was read then.
 */
export const packCommand = (level: PackLevel): string[] => [
  'sh',
  '-c',
  PACK,
  'nkvm-pack',
  VOLUME_PATH,
  WORK_PATH,
  HASH,
  MESSAGES,
  level,
];

/** What the packing command writes to its standard error while tar gets on. */
export const WORKING = 'nkvm: working\n';

/** The command that shows the seal; it fails while there is none. */
export const sealCommand = (): string[] => ['cat', `${WORK_PATH}/seal`];
