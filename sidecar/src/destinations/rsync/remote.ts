import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { linesOfWhole, newWorkDirectory } from '../common/workFiles.ts';
import type { RsyncEntry } from './listing.ts';
import { literal, parseRsyncLine } from './listing.ts';
import type { RsyncCall } from './process.ts';
import { outputOf, runRsync, startRsync } from './process.ts';
import type { RsyncSettings } from './settings.ts';

/** Rules for names of which nothing else is looked at or touched. */
export const only = (patterns: readonly string[]): string[] => [
  ...patterns.map(pattern => `--include=${pattern}`),
  '--exclude=*',
];

/** Lists what fits the rules. The listing is complete before its first entry. @throws StageError */
export async function* entriesOf(
  settings: RsyncSettings,
  rules: readonly string[],
  call: RsyncCall,
  { isDeep = false } = {}
): AsyncGenerator<RsyncEntry> {
  const running = await startRsync(
    settings,
    remote => [isDeep ? '-r' : '-d', '--list-only', ...rules, '--', `${remote}/`],
    { ...call, mayVanish: true }
  );
  for await (const line of linesOfWhole(outputOf(running), call.workDir, call.signal)) {
    const entry = parseRsyncLine(line);
    if (entry) yield entry;
  }
}

/** @returns undefined when it is not there. @param path of a file, relative to the directory of the archives */
export async function lookAt(
  settings: RsyncSettings,
  path: string,
  call: RsyncCall
): Promise<RsyncEntry | undefined> {
  const [dir, name] = path.includes('/') ? path.split('/') : [undefined, path];
  const rules =
    dir === undefined
      ? [`/${literal(path)}`]
      : [`/${literal(dir)}/`, `/${literal(dir)}/${literal(name ?? '')}`];
  for await (const entry of entriesOf(settings, only(rules), call, { isDeep: dir !== undefined }))
    if (entry.path === path && entry.isFile) return entry;
  return undefined;
}

/**
 * Deletes files, or directories with what is in them, by making the directory of the archives like an empty one, with rules
 * that hide everything else from that. Names that are not there are no error.
 * @param most how many entries can be deleted by that at most; with more, rsync stops
 */
export async function removeNames(
  settings: RsyncSettings,
  names: readonly string[],
  { most, ...call }: RsyncCall & { most: number }
): Promise<void> {
  const dir = await newWorkDirectory(call.workDir, call.stage);
  try {
    const empty = join(dir, 'empty');
    const rules = join(dir, 'rules');
    await fs.mkdir(empty, { mode: 0o700 });
    await fs.writeFile(
      rules,
      [...names.flatMap(name => [`+ /${literal(name)}`, `+ /${literal(name)}/**`]), '- *', ''].join(
        '\n'
      ),
      { mode: 0o600 }
    );
    await runRsync(
      settings,
      remote => [
        ...['-r', '--delete', `--max-delete=${most}`, `--filter=merge ${rules}`],
        ...['--', `${empty}/`, `${remote}/`],
      ],
      call
    );
  } finally {
    await fs.rm(dir, { recursive: true, force: true });
  }
}
