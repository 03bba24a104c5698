/**
 * Reads archives from object storage, one after the other, and passes what is in them on to standard output, like hash.ts:
 * `direct.ts FILE WAY`. WAY is `check`, whose output nobody reads, or `unpack`. No credential comes here: the sidecar signs the
 * requests (helper/direct/fetch.ts). It sends lines of JSON over standard input: first the terms, and then a request for each
 * line `want` that file 7 has written.
 */
import { createHash } from 'node:crypto';
import { write, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Aged } from './aged.ts';
import { rangesOf, type Server, type Signed } from './ranges.ts';

interface Terms {
  server: Server;
  files: { bytes: number; age?: { begin: number; key: string } }[];
}

const [sumFile = '', way] = process.argv.slice(2);
const all = createHash('sha256');
let allBytes = 0;
let readBytes = 0;
let toldAt = performance.now();

function say(what: string): void {
  writeSync(7, `nkvm: ${what}\n`);
}

const waiting = new Map<number, ((signed: Signed) => void)[]>();
const lines = createInterface({ input: process.stdin });
const terms = new Promise<Terms>(resolve => {
  lines.once('line', line => {
    resolve(JSON.parse(line) as Terms);
    lines.on('line', answer => {
      const { file, ...signed } = JSON.parse(answer) as Signed & { file: number };
      waiting.get(file)?.shift()?.(signed);
    });
  });
});
lines.on('close', () => {
  // The end of standard output would look like the end of the archive.
  if (way === 'check') process.exit(3);
});

const sign = (file: number): Promise<Signed> =>
  new Promise(resolve => {
    waiting.set(file, [...(waiting.get(file) ?? []), resolve]);
    say(`want ${file}`);
  });

/** Not `writeSync`: while the volume is slow, answers and timers have to go on. */
async function pass(piece: Buffer): Promise<void> {
  for (let at = 0; at < piece.length; ) {
    at += await new Promise<number>((resolve, reject) =>
      write(1, piece, at, piece.length - at, null, (error, written) =>
        error ? reject(error) : resolve(written)
      )
    );
  }
}

async function main(): Promise<void> {
  const { server, files } = await terms;
  const ranges = rangesOf({ server, sign });
  const why = way === 'check' ? await ranges.unreachable() : undefined;
  if (why !== undefined) throw new Error(`cannot reach ${server.host}:${server.port} (${why})`);
  const archives: { bytes: number; sha256: string }[] = [];
  for (const [number, { bytes, age }] of files.entries()) {
    const own = createHash('sha256');
    let ownBytes = 0;
    const give = async (piece: Buffer): Promise<void> => {
      own.update(piece);
      if (files.length > 1) all.update(piece);
      ownBytes += piece.length;
      if (way === 'unpack') await pass(piece);
    };
    const aged = age && new Aged(Buffer.from(age.key, 'base64'));
    for await (const piece of ranges.pieces(number, age?.begin ?? 0, bytes)) {
      for (const plain of aged ? aged.take(piece) : [piece]) await give(plain);
      readBytes += piece.length;
      if (performance.now() - toldAt > 1_000) {
        toldAt = performance.now();
        say(`read ${readBytes}`);
      }
    }
    if (aged) await give(aged.end());
    archives.push({ bytes: ownBytes, sha256: own.digest('hex') });
    allBytes += ownBytes;
  }
  const sha256 = files.length > 1 ? all.digest('hex') : archives[0]?.sha256 ?? '';
  writeFileSync(sumFile, `${allBytes} ${sha256}\n`);
  say(`read ${readBytes}`);
  say(`arrived ${JSON.stringify({ all: { bytes: allBytes, sha256 }, archives })}`);
  process.exit(0);
}

main().catch((error: NodeJS.ErrnoException) => {
  // Nobody reads any more: the archive was refused, or the program has ended. It says why.
  if (error.code === 'EPIPE') process.exit(1);
  say(`broke ${String(error.message).replaceAll('\n', ' ')}`);
  if (way === 'check') process.exit(1);
  setInterval(() => undefined, 2 ** 30);
});
