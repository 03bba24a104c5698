import { StageError, textOf } from '../../errors.ts';
import { within } from '../../within.ts';
import type { Helper } from '../helper.ts';
import { VOLUME_PATH } from '../names.ts';
import { program } from '../program.ts';

const LOOK = program('look.sh', '#', 'unpack');
const LOOK_MS = 60_000;

/** A volume before anything is written to it. */
export interface VolumeLook {
  /** It holds nothing, or only what is not of the volume: `lost+found`, `.snapshot`, other file systems. */
  isEmpty: boolean;
  freeBytes: number;
  /** `null` where the file system has no fixed number of them. */
  freeInodes: number | null;
  /** As `stat -f` calls it, e.g. `ext2/ext3`, `xfs`, `nfs`. */
  filesystem: string;
}

/** @throws StageError (stage `exec`) when the helper cannot tell. */
export async function lookAtVolume(
  helper: Helper,
  { signal }: { signal: AbortSignal }
): Promise<VolumeLook> {
  const command = ['sh', '-c', LOOK, 'nkvm-look', VOLUME_PATH];
  try {
    const answer = await within(signal, helper.execToEnd(command, { timeoutMs: LOOK_MS }));
    const [, found, free, size, freeInodes, inodes, filesystem] =
      /^([x-]) (\d+) (\d+) (\d+) (\d+) (.+)\n$/.exec(answer.stdout) ?? [];
    if (answer.exitCode !== 0 || filesystem === undefined) {
      throw new Error(answer.stderr.trim() || `the command ended with ${answer.exitCode}`);
    }
    return {
      isEmpty: found === '-',
      freeBytes: Number(free) * Number(size),
      freeInodes: inodes === '0' ? null : Number(freeInodes),
      filesystem,
    };
  } catch (error) {
    signal.throwIfAborted();
    throw new StageError(
      'exec',
      'VolumeUnreadable',
      `helper pod ${helper.namespace}/${helper.pod} cannot inspect the volume: ${textOf(error)}`,
      'nothing to do: NKVM tries again; if it happens again, check the storage',
      'transient',
      { cause: error }
    );
  }
}
