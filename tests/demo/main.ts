/** `npm run demo`: runs demo.ts so that no process and no file of it is left, however it ends. */
import { join } from 'node:path';
import { runInGroup } from '../runner/group.mjs';
import { openDirectory } from './directory.ts';

const directory = openDirectory();
process.exitCode = await runInGroup(
  process.execPath,
  [join(import.meta.dirname, 'demo.ts'), ...process.argv.slice(2)],
  { directory, input: process.stdin, env: { ...process.env, TMPDIR: directory } }
);
