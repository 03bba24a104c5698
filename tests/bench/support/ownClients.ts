/**
 * NKVM's own clients in one process, for benches: stores a file at several destinations at once, as one stream that is read once,
 * or as a stream for each.
 * usage: SETTINGS='{"s3":{…}}' node tests/bench/support/ownClients.ts one-stream|streams KEY FILE KIND…
 */
import { createReadStream, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import { hashAndCount } from '../../../sidecar/src/archive/digest.ts';
import { fanOut } from '../../../sidecar/src/backup/copies/fanOut.ts';
import { KINDS } from '../../../sidecar/src/destinations/kinds.ts';
import { reportFromHere } from './report.ts';

const [how, key = '', file = '', ...kinds] = process.argv.slice(2);
const all = JSON.parse(process.env.SETTINGS ?? '{}');
const context = { name: 'bench', installation: '0123456789abcdef', workDir: tmpdir() };
const destinations = kinds.map(name => {
  const kind = KINDS[name as keyof typeof KINDS];
  if (!kind) throw new Error(`there is no kind ${name}`);
  return kind.open(kind.settings.parse(all[name]), context);
});
const report = reportFromHere();
const expectedBytes = statSync(file).size;
const { signal } = new AbortController();

const read = () => createReadStream(file, { highWaterMark: 65_536 }).pipe(hashAndCount());

async function store(
  to: (typeof destinations)[number],
  body: Readable,
  digest: ReturnType<typeof hashAndCount>['digest']
): Promise<void> {
  const staged = await to.stage(key, body, { expectedBytes, digest });
  if (!to.provesAfterPublish) await staged.confirm();
  await staged.publish();
  if (to.provesAfterPublish) await staged.confirm();
}

if (how === 'streams') {
  await Promise.all(
    destinations.map(to => {
      const body = read();
      return store(to, body, body.digest);
    })
  );
} else {
  const body = read();
  const taking = await fanOut(
    body,
    destinations.map(to => ({
      name: to.kind,
      take: (stream: Readable) => store(to, stream, body.digest),
      letGo: () => undefined,
    })),
    { signal }
  );
  for (const end of await Promise.all(taking)) if ('error' in end) throw end.error;
}
await Promise.all(destinations.map(to => to.close()));
report();
