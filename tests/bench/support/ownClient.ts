/**
 * NKVM's own client as a program, for benches: stores a file at a destination with all that a backup does there except for
 * the helper, or reads an archive to its end.
 * usage: SETTINGS='{"bucket":…}' node tests/bench/support/ownClient.ts store|read KIND KEY FILE
 * Prints `SECONDS MEBIBYTES`: how long that took, without loading the sources, which a sidecar that runs has done; and
 * the biggest size that the process had.
 */
import { createReadStream, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hashAndCount } from '../../../sidecar/src/archive/digest.ts';
import { KINDS } from '../../../sidecar/src/destinations/kinds.ts';
import { biggestRssMiB } from './memory.ts';

const [what, kindName = '', key = '', file = ''] = process.argv.slice(2);
const kind = KINDS[kindName as keyof typeof KINDS];
if (!kind) throw new Error(`there is no kind ${kindName}`);
const settings = kind.settings.parse(JSON.parse(process.env.SETTINGS ?? '{}'));
const began = performance.now();
const destination = kind.open(settings, {
  name: 'bench',
  installation: '0123456789abcdef',
  workDir: tmpdir(),
});
if (what === 'store') {
  const body = createReadStream(file, { highWaterMark: 65_536 }).pipe(hashAndCount());
  const staged = await destination.stage(key, body, { expectedBytes: statSync(file).size });
  if (!destination.provesAfterPublish) await staged.confirm();
  await staged.publish();
  if (destination.provesAfterPublish) await staged.confirm();
} else {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(await destination.open(key), hashAndCount(), nowhere);
}
await destination.close();
const seconds = (performance.now() - began) / 1000;
// not resourceUsage(): before it became this program, the process was a copy of its parent
console.log(`${seconds} ${biggestRssMiB(process.pid)}`);
