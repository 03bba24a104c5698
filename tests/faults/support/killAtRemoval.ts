/**
 * To be loaded before the sidecar (`--import`): it is killed with SIGKILL before or after it removes the first file whose name has
 * the ending in `KILL_AT_REMOVAL`, e.g. `after .tar.gz`.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const [when, ending = ''] = (process.env.KILL_AT_REMOVAL ?? '').split(' ');
const remove = fs.rm;
const isBackup = /__[^/]*__[^/]*__\d{8}T\d{6}Z__[^/]*$/;

fs.rm = async (path, options) => {
  const isHere = isBackup.test(String(path)) && String(path).endsWith(ending);
  if (isHere && when === 'before') process.kill(process.pid, 'SIGKILL');
  await remove(path, options);
  if (isHere && when === 'after') process.kill(process.pid, 'SIGKILL');
};
syncBuiltinESMExports();
