import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { LeaveOut } from '../../helper/leaveOut.ts';
import { BY_RULE } from '../../helper/leaveOut.ts';
import { VOLUME_PATH, WORK_PATH } from '../../helper/names.ts';
import type { PackLevel } from '../../helper/pack/packCommand.ts';
import { firstLines, packCommand } from '../../helper/pack/packCommand.ts';
import { readSeal } from '../../helper/seal.ts';

export const ARCHIVE = 'kind__shop__orders-db__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';

export type Packing = ReturnType<typeof packing>;

/** Directories of this machine in which the packing command runs as it does in a helper pod. */
export function packing() {
  const root = mkdtempSync(join(tmpdir(), 'nkvm-pack-'));
  const volume = join(root, 'volume');
  const work = join(root, 'work');
  mkdirSync(volume);
  mkdirSync(work);

  const here = (from: string) => (word: string) =>
    ({ [VOLUME_PATH]: from, [WORK_PATH]: work }[word] ?? word);

  const start = (
    from = volume,
    env = process.env,
    level: PackLevel = 'checksum',
    indexLimit?: number,
    leaveOut: LeaveOut = BY_RULE,
    isLink = false,
    isDirect = false
  ) => {
    writeFileSync(join(work, 'patterns'), leaveOut.patterns.map(each => `${each}\n`).join(''));
    const [program = '', ...args] = packCommand(level, ARCHIVE, leaveOut, {
      indexLimit,
      isLink,
      isDirect,
    }).map(here(from));
    return spawn(program, args, { env });
  };

  return {
    root,
    volume,
    work,
    start,
    async pack(
      env: NodeJS.ProcessEnv = process.env,
      from = volume,
      level?: PackLevel,
      indexLimit?: number,
      leaveOut?: LeaveOut
    ) {
      const child = start(from, env, level, indexLimit, leaveOut);
      const exit = new Promise<number | null>(resolve => child.on('close', resolve));
      const [archive, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
      return { exit: await exit, archive, stderr: stderr.toString() };
    },
    /** Gives the archive to a program that comes over standard input; see helper/pack/load.cjs. */
    async packDirect(
      { program, parallel, ...more }: { program: string; parallel?: string; secret?: string },
      env = process.env
    ) {
      const child = start(volume, env, 'checksum', undefined, BY_RULE, false, true);
      const exit = new Promise<number | null>(resolve => child.on('close', resolve));
      child.stdin.end(firstLines(program, more, { parallel }));
      const [archive, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
      return { exit: await exit, archive, stderr: stderr.toString() };
    },
    /** @returns how packing ends when the patterns of what to leave out have not come. */
    endWithoutPatterns() {
      const leaveOut: LeaveOut = { patterns: ['a'], includes: [] };
      const [program = '', ...args] = packCommand('checksum', ARCHIVE, leaveOut, {});
      return spawnSync(program, args.map(here(volume))).status;
    },
    sealed: () => readSeal(readFileSync(join(work, 'seal'), 'utf8')),
    /** Packs what is left when this is left out. @returns the names in the archive, in order of the alphabet. */
    async packWithout(leaveOut: Partial<LeaveOut> = {}): Promise<string[]> {
      const child = start(volume, process.env, 'checksum', undefined, { ...BY_RULE, ...leaveOut });
      const archive = await buffer(child.stdout);
      const list = spawnSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' });
      return list.stdout.split('\n').filter(Boolean).sort();
    },
    /** Puts a program before all others of its name. @returns the environment that finds it. */
    instead(name: string, script: string): NodeJS.ProcessEnv {
      const bin = join(root, 'bin');
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
      return { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
