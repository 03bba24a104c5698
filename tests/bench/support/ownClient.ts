/**
 * NKVM's own client as a program, for benches: stores a file at a destination with all that a backup does there except for
 * the helper, or reads an archive to its end.
 * usage: SETTINGS='{"bucket":…}' node tests/bench/support/ownClient.ts store|store-and-prove|read KIND KEY FILE
 */
import { createReadStream, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hashAndCount } from '../../../sidecar/src/archive/digest.ts';
import { KINDS } from '../../../sidecar/src/destinations/kinds.ts';
import { reportFromHere } from './report.ts';

const [what, kindName = '', key = '', file = ''] = process.argv.slice(2);
const kind = KINDS[kindName as keyof typeof KINDS];
if (!kind) throw new Error(`there is no kind ${kindName}`);
const settings = kind.settings.parse(JSON.parse(process.env.SETTINGS ?? '{}'));
const report = reportFromHere();
const destination = kind.open(settings, {
  name: 'bench',
  installation: '0123456789abcdef',
  workDir: tmpdir(),
});
if (what === 'read') {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(await destination.open(key), hashAndCount(), nowhere);
} else {
  const prove = what === 'store-and-prove';
  const body = createReadStream(file, { highWaterMark: 65_536 }).pipe(hashAndCount());
  const staged = await destination.stage(key, body, {
    expectedBytes: statSync(file).size,
    digest: body.digest,
  });
  if (prove && !destination.provesAfterPublish) await staged.confirm();
  await staged.publish();
  if (prove && destination.provesAfterPublish) await staged.confirm();
}
await destination.close();
report();
