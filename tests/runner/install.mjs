// Installs the dependencies when the lockfile has changed since the last time. Runs on whatever Node there is, so it
// uses nothing that is not built in, and no TypeScript.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const stamp = join(root, 'node_modules', '.nkvm-installed');
const major = Number(process.versions.node.split('.')[0]);

if (major < 20) {
  console.error(
    `Node ${process.versions.node} is too old: install Node 20 or later, then try again.`
  );
  process.exit(2);
}
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform} ${process.arch}`)
  .digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
if (installed !== wanted) install();

async function install() {
  console.log('Installing dependencies (npm ci) - a minute or two the first time …');
  // Imported here: a Node that is too old cannot even parse it.
  const { runInGroup } = await import('./group.mjs');
  // npm's warnings on engines would be about this machine's Node; the project runs on its own.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await runInGroup('npm', args, { cwd: root });
  if (code > 128) process.exit(code); // somebody ended it
  if (code !== 0) {
    console.error('npm ci did not succeed: see its message above, then try again.');
    process.exit(2);
  }
  writeFileSync(stamp, wanted);
}
