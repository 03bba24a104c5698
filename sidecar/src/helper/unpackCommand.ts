import { VOLUME_PATH, WORK_PATH } from './names.ts';
import { program } from './program.ts';
import type { Job } from './unpack/program/job.ts';
import type { UnpackProgram } from './unpackProgram.ts';

const PREPARE = program('prepare.sh', '#', 'unpack');
const UNPACK = program('unpack.sh', '#', 'unpack');

/** Exit code of the preparing command when the image lacks a tool, and when something else arrived than was sent. */
export const UNFIT = 127;
export const OTHERS_ARRIVED = 3;

/** The command that takes the program that unpacks from its standard input; see unpack/prepare.sh. */
export const prepareCommand = ({ sha256 }: UnpackProgram): string[] => [
  'sh',
  '-c',
  PREPARE,
  'nkvm-prepare',
  WORK_PATH,
  sha256,
];

/**
 * The command that unpacks an archive into the volume, and compares; see unpack/unpack.sh.
 * @param input `hash`: the archive comes over standard input; `pull`: see unpack/program/pull.ts
 */
export const unpackCommand = (
  { main }: UnpackProgram,
  encoding: 'gzip' | 'tar',
  job: Job,
  input: 'hash' | 'pull' = 'hash'
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

/** Lines that the unpacking command writes to its standard output. */
export const NEWS = { working: 'nkvm: working', comparing: 'nkvm: comparing' } as const;

/** The command that shows what came out; it fails while there is nothing. */
export const resultCommand = (): string[] => ['cat', `${WORK_PATH}/result`];
