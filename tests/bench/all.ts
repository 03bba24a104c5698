/** `npm run bench`: every bench, one after another. Figures, no verdicts: these belong on a quiet machine. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
for (const file of readdirSync(here)
  .filter(name => name.endsWith('.bench.ts'))
  .sort()) {
  console.log(`\n── ${file}`);
  const { status } = spawnSync(process.execPath, [join(here, file)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
