import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DoctorFinding } from '../../../api/index.ts';
import { sizeText } from '../../destinations/size.ts';
import { fails, failsBy, fine, warns } from '../finding.ts';

/** The history is written as a whole beside the file before, and archives come on top. */
const LOW_SHARE = 0.05;

export interface DiskFacts {
  bytes: number;
  freeBytes: number;
  freeInodes: number | undefined;
}

/** Space of the directories that NKVM writes to, and whether it may. */
export async function checkDisk({
  backupDir,
  metadataDbPath,
  minFreeBytes,
}: {
  backupDir: string;
  metadataDbPath: string;
  minFreeBytes: number;
}): Promise<DoctorFinding[]> {
  const dirs = {
    'the backup directory': backupDir,
    'the history directory': dirname(metadataDbPath),
  };
  return await Promise.all(
    Object.entries(dirs).map(async ([what, dir]) => {
      try {
        const { blocks, bsize, bavail, files, ffree } = await statfs(dir);
        await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
        const freeInodes = files === 0 ? undefined : ffree; // file systems without a limit say 0
        const facts = { bytes: blocks * bsize, freeBytes: bavail * bsize, freeInodes };
        return verdictOf(`${what} ${dir}`, facts, minFreeBytes);
      } catch (error) {
        return failsBy(
          `${what} ${dir} cannot be written to`,
          error,
          'see that its volume is mounted read-write, and belongs to the user of NKVM'
        );
      }
    })
  );
}

export function verdictOf(
  what: string,
  { bytes, freeBytes, freeInodes }: DiskFacts,
  minFreeBytes: number
): DoctorFinding {
  const text = `${what} has ${sizeText(freeBytes)} of ${sizeText(bytes)} free`;
  const toDo = 'delete archives that are not needed, or make the volume bigger';
  if (freeBytes < minFreeBytes)
    return fails(`${text}, less than NKVM_MIN_FREE_SPACE (${sizeText(minFreeBytes)})`, toDo);
  if (freeInodes === 0) return fails(`${what} has no room for another file (inodes)`, toDo);
  return freeBytes < bytes * LOW_SHARE ? warns(text, toDo) : fine(text);
}
