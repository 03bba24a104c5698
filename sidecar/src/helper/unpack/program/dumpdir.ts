import { damaged } from './fields.ts';

/** How an archive has a name of a directory: `packed` in this archive, `unchanged` in the one before, or as a directory. */
export type NameState = 'packed' | 'unchanged' | 'directory';

const STATES: Record<string, NameState> = { Y: 'packed', N: 'unchanged', D: 'directory' };

/**
 * Reads what GNU tar's `--listed-incremental` keeps of a directory, in the pax record `GNU.dumpdir`: all its names, each with a
 * letter in front and a NUL behind (GNU tar manual, "Dumpdir").
 * @param onName gets each name, as bytes
 * @throws Refusal for anything else, such as a directory that tar took for a renamed one: NKVM makes no such archives
 */
export function readDumpdir(
  dumpdir: string,
  onName: (name: string, state: NameState) => void
): void {
  for (let at = 0; at < dumpdir.length; ) {
    const end = dumpdir.indexOf('\0', at);
    // The list ends with an empty name.
    if (end === at && end === dumpdir.length - 1) return;
    const state = STATES[dumpdir[at] as string];
    const name = dumpdir.slice(at + 1, end);
    if (end < 0 || state === undefined || name === '' || name.includes('/')) {
      throw damaged('the list of the names of a directory cannot be read');
    }
    onName(name, state);
    at = end + 1;
  }
  throw damaged('the list of the names of a directory is not complete');
}
