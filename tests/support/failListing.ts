/**
 * To be loaded before the sidecar (`--import`): after each SIGUSR2 the next of the comma-separated ways in `FAIL_LISTING` is how
 * directories named `backups` are listed: `half` breaks off after three names, `denied` fails at once, `whole` works.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const NAMES = 3;
const ways = (process.env.FAIL_LISTING ?? '').split(',');
let way = 'whole';
process.on('SIGUSR2', () => (way = ways.shift() ?? 'whole'));

const failure = (code: string, text: string): Error =>
  Object.assign(new Error(`${code}: ${text}, opendir`), { code });

const { opendir } = fs;
fs.opendir = async (path, options) => {
  const isHere = String(path).endsWith('/backups');
  if (isHere && way === 'denied') throw failure('EACCES', 'permission denied');
  const directory = await opendir(path, options);
  if (!isHere || way !== 'half') return directory;
  const entries = directory[Symbol.asyncIterator].bind(directory);
  const half = async function* () {
    let count = 0;
    for await (const entry of entries()) {
      if (++count > NAMES) throw failure('EIO', 'i/o error');
      yield entry;
    }
  };
  return Object.defineProperty(directory, Symbol.asyncIterator, { value: half });
};
syncBuiltinESMExports();
