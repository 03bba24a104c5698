import { readFileSync } from 'node:fs';
import { VOLUME_PATH, WORK_PATH } from './names.ts';

/** Whether the pod hashes the tar, too, so that the archive can be compared after it was unpacked. */
export type PackLevel = 'checksum' | 'contents';

/**
 * Reads one of the programs beside this file (in the bundle: beside it, too), without its comments. Commands travel in
 * the URL of the exec request, and proxies limit it, some of them to 8 KiB.
 */
const program = (name: string, comment: string): string =>
  readFileSync(new URL(`./pack/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith(comment))
    .join('\n');

const PACK = program('pack.sh', '#');
const HASH = program('hash.cjs', '//');
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
