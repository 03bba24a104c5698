import { VOLUME_PATH, WORK_PATH } from '../names.ts';
import { program } from '../program.ts';
import type { Job } from './program/job.ts';
import type { UnpackInput } from './unpackInputs.ts';
import type { UnpackProgram } from './unpackProgram.ts';

const PREPARE = program('prepare.sh', '#', 'unpack');
const UNPACK = program('unpack.sh', '#', 'unpack');

/** Exit code of the preparing command when the image lacks a tool, and when something else arrived than was sent. */
export const UNFIT = 127;
export const OTHERS_ARRIVED = 3;

/** The command that takes the program that unpacks from its standard input; see prepare.sh. */
export const prepareCommand = ({ sha256 }: UnpackProgram): string[] => [
  'sh',
  '-c',
  PREPARE,
  'nkvm-prepare',
  WORK_PATH,
  sha256,
];

/**
 * The command that unpacks an archive into the volume, and compares; see unpack.sh.
 * @param input `hash`: the archive comes over standard input; `pull`, `direct`: see the programs of these names
 */
export const unpackCommand = (
  { main }: UnpackProgram,
  encoding: 'gzip' | 'tar',
  job: Job,
  input: UnpackInput = 'hash'
): string[] => [
  'sh',
  '-c',
  UNPACK,
  'nkvm-unpack',
  VOLUME_PATH,
  WORK_PATH,
  `${WORK_PATH}/program/${main}`,
  encoding,
  JSON.stringify(job),
  input,
];

const CHECK = 'cd "$1" && exec node --single-threaded "$2" checked.sum check 7>&1 >/dev/null';

/** The command that reads archives at the storage and tells their digests; see program/direct.ts. */
export const checkCommand = ({ main }: UnpackProgram): string[] => [
  'sh',
  '-c',
  CHECK,
  'nkvm-check',
  WORK_PATH,
  `${WORK_PATH}/program/${main.replace('main', 'direct' satisfies UnpackInput)}`,
];

/** Lines that the unpacking command writes to its standard output. */
export const NEWS = { working: 'nkvm: working', comparing: 'nkvm: comparing' } as const;

/** The command that shows what came out; it fails while there is nothing. */
export const resultCommand = (): string[] => ['cat', `${WORK_PATH}/result`];
