/**
 * Gets an archive from the sidecar over HTTPS, or, where it cannot be reached, from standard input, and passes it on to standard
 * output like hash.ts. The first line of standard input is JSON, `{"connect": …, "invitation": …}`; the sidecar sends nothing
 * else before file 7 has told it which of both is used. helper/push/fetched.ts is the other side.
 */
import { createHash } from 'node:crypto';
import { writeFileSync, writeSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { Input } from './input.ts';
import { Output } from './output.ts';

interface Invitation {
  path: string;
  token: string;
  acceptMs: number;
}

const [file = ''] = process.argv.slice(2);
const hash = createHash('sha256');
const input = new Input(0);
const output = new Output(1);
let bytes = 0;

function pass(piece: Buffer): void {
  hash.update(piece);
  bytes += piece.length;
  output.write(piece);
}

function finish(sha256 = hash.digest('hex')): void {
  output.flush();
  writeFileSync(file, `${bytes} ${sha256}\n`);
}

function say(what: string): void {
  writeSync(7, `nkvm: ${what}\n`);
}

function firstLine(): string {
  let line = '';
  for (;;) {
    const byte = input.take(1).toString('latin1');
    if (byte === '\n' || byte === '') return line;
    line += byte;
  }
}

function ask(socket: Socket, { path, token, acceptMs }: Invitation): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({
      ...{ path, createConnection: () => socket },
      headers: { Authorization: `Bearer ${token}`, TE: 'trailers' },
    });
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(why);
    };
    const timer = setTimeout(() => fail(`not accepted within ${acceptMs} ms`), acceptMs);
    asked.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    asked.once('response', response => {
      if (response.statusCode !== 200)
        return fail(String(response.headers['nkvm-why'] ?? `status ${response.statusCode}`));
      clearTimeout(timer);
      resolve(response);
    });
    asked.end();
  });
}

/** The end of standard output would look like the end of the archive: the sidecar is told, and ends this pod. */
function broke(why: string): void {
  say(`broke ${why}`);
  setInterval(() => undefined, 2 ** 30);
}

async function pull(response: IncomingMessage): Promise<void> {
  try {
    for await (const piece of response as AsyncIterable<Buffer>) pass(piece);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Nobody reads any more: the archive was refused, or the program has ended. It says why.
    if (code === 'EPIPE') process.exit(1);
    return broke(`${message} after ${bytes} bytes`);
  }
  const { 'nkvm-bytes': saidBytes, 'nkvm-sha256': saidSha256 } = response.trailers;
  const sha256 = hash.digest('hex');
  if (saidBytes !== String(bytes) || saidSha256 !== sha256)
    return broke(`${bytes} bytes arrived, NKVM sent ${saidBytes ?? 'an unknown number'}`);
  finish(sha256);
  process.exit(0);
}

const { connect: text, invitation } = JSON.parse(firstLine()) as {
  connect: string;
  invitation: Invitation;
};
const connect = new Function('require', `${text}\nreturn connect;`)(
  createRequire(import.meta.url)
) as (to: Invitation) => Promise<Socket>;

connect(invitation)
  .then(socket => ask(socket, invitation))
  .then(
    response => {
      say('fetch');
      return pull(response);
    },
    (why: unknown) => {
      say(`otherwise ${String(why)}`);
      for (let piece = input.some(262_144); piece.length > 0; piece = input.some(262_144))
        pass(piece);
      finish();
    }
  );
