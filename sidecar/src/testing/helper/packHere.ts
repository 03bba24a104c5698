import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VOLUME_PATH, WORK_PATH } from '../../helper/names.ts';
import { indexCommand, packCommand } from '../../helper/pack/packCommand.ts';
import type { PodSeal } from '../../helper/seal.ts';
import { readSeal } from '../../helper/seal.ts';

/** Packs a directory of this machine as a helper pod packs a volume. */
export function packHere(
  volume: string,
  archiveName: string
): { archive: Buffer; index: Buffer; sealed: PodSeal } {
  const work = mkdtempSync(join(tmpdir(), 'nkvm-work-'));
  const run = (command: readonly string[]): Buffer => {
    const [program = '', ...args] = command.map(word =>
      word === VOLUME_PATH ? volume : word.replace(WORK_PATH, work)
    );
    const { status, stdout, stderr } = spawnSync(program, args, { maxBuffer: 2 ** 30 });
    if (status !== 0) throw new Error(stderr.toString());
    return stdout;
  };
  try {
    const archive = run(packCommand('contents', archiveName));
    const sealed = readSeal(readFileSync(join(work, 'seal'), 'utf8'));
    return { archive, sealed, index: run(indexCommand()) };
  } finally {
    rmSync(work, { recursive: true });
  }
}
