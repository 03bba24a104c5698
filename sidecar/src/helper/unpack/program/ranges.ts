import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { connect, isIP, type LookupFunction } from 'node:net';

/** The server that is read from; see destinations/direct.ts. */
export interface Server {
  host: string;
  port: number;
  isTls: boolean;
  caBundle?: string;
  insecure: boolean;
  addresses: Address[];
}

interface Address {
  address: string;
  family: number;
}

/** A request that reads all of a file, or parts of it, until it expires. */
export interface Signed {
  path: string;
  headers: Record<string, string>;
  addresses: Address[];
}

export interface Asking {
  server: Server;
  /** @returns a new signed request for the file of this number. */
  sign(file: number): Promise<Signed>;
}

const RANGE_BYTES = 8 * 1024 ** 2;
const MOST_AHEAD = 4;
const CONNECT_MS = 1_000;
const QUIET_MS = 60_000;
const TRIES = 5;
const WAITS_MS = [200, 1_000, 3_000, 6_000];
/** Well before a signed request expires. */
const USED_MS = 240_000;

/** Why a range could not be read. */
class Refused extends Error {
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads files in ranges, several at a time, each of them again where that may help. So no connection waits for the volume, and
 * one that breaks costs one range.
 */
export function rangesOf({ server, sign }: Asking) {
  let { addresses } = server;
  // The addresses are those that NKVM has checked.
  const lookup: LookupFunction = (_, options, done) => {
    const [first] = addresses;
    if (options.all) done(null, addresses);
    else done(null, first?.address ?? '', first?.family);
  };
  const agent = server.isTls
    ? new TlsAgent({
        ...{ keepAlive: true, lookup, minVersion: 'TLSv1.2' },
        rejectUnauthorized: !server.insecure,
        ...(server.caBundle && { ca: server.caBundle }),
        ...(isIP(server.host) === 0 && { servername: server.host }),
      })
    : new Agent({ keepAlive: true, lookup });
  const known = new Map<number, { signed: Promise<Signed>; at: number }>();
  const free: Buffer[] = [];

  async function signedFor(file: number, isAnew: boolean): Promise<Signed> {
    const last = known.get(file);
    if (last && !isAnew && performance.now() - last.at < USED_MS) return await last.signed;
    const signed = sign(file);
    known.set(file, { signed, at: performance.now() });
    ({ addresses } = await signed);
    return await signed;
  }

  function readOnce({ path, headers }: Signed, start: number, buffer: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const range = `bytes=${start}-${start + buffer.length - 1}`;
      const asked = (server.isTls ? tlsRequest : request)({
        ...{ host: server.host, port: server.port, method: 'GET', agent },
        ...{ path, headers: { ...headers, range } },
      });
      const fail = (why: Refused): void => {
        clearTimeout(timer);
        reject(why);
        asked.destroy();
      };
      const quiet = (): void => fail(new Refused(`no byte came for ${QUIET_MS / 1000} s`));
      let timer = setTimeout(quiet, QUIET_MS);
      asked.on('error', (error: NodeJS.ErrnoException) =>
        fail(new Refused(error.code ?? error.message))
      );
      asked.on('response', (response: IncomingMessage) => {
        const { statusCode = 0 } = response;
        let filled = 0;
        let text = '';
        response.on('data', (piece: Buffer) => {
          clearTimeout(timer);
          timer = setTimeout(quiet, QUIET_MS);
          if (statusCode !== 206) {
            if (text.length < 4096) text += piece.toString('latin1');
          } else if (filled + piece.length > buffer.length) {
            fail(new Refused('more bytes came than were asked for'));
          } else filled += piece.copy(buffer, filled);
          if (statusCode === 200) fail(new Refused('the storage gives no parts of files', 200));
        });
        response.on('error', error => fail(new Refused(error.message)));
        response.on('end', () => {
          if (statusCode !== 206) return fail(new Refused(refusalIn(statusCode, text), statusCode));
          const { 'content-range': given = '' } = response.headers;
          if (!given.startsWith(`${range.replace('=', ' ')}/`))
            return fail(new Refused(`another range came than was asked for: ${given}`));
          if (filled < buffer.length) return fail(new Refused(`the answer was cut off`));
          clearTimeout(timer);
          resolve();
        });
        response.on('close', () => fail(new Refused('the answer was cut off')));
      });
      asked.end();
    });
  }

  async function read(file: number, start: number, end: number): Promise<Buffer> {
    const whole = free.pop() ?? Buffer.allocUnsafeSlow(RANGE_BYTES);
    const buffer = whole.subarray(0, end - start);
    let isAnew = false;
    for (let turn = 1; ; turn++) {
      try {
        await readOnce(await signedFor(file, isAnew), start, buffer);
        return buffer;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const { status } = error;
        // A request that waited too long has expired: then the next one is signed again.
        const isLast = turn >= (status === 403 ? 2 : TRIES);
        const mayPass = status === undefined || status >= 500 || [403, 408, 429].includes(status);
        if (isLast || !mayPass) throw error;
        isAnew = true;
        await new Promise(resolve =>
          setTimeout(resolve, (WAITS_MS[turn - 1] ?? 0) * (0.5 + Math.random()))
        );
      }
    }
  }

  return {
    /** @returns why the server cannot be reached: a NetworkPolicy drops packets. */
    unreachable: (): Promise<string | undefined> =>
      new Promise(resolve => {
        const { host, port } = server;
        const socket = connect({ host, port, lookup });
        const end = (why?: string): void => {
          clearTimeout(timer);
          socket.destroy();
          resolve(why);
        };
        const timer = setTimeout(() => end(`no answer within ${CONNECT_MS} ms`), CONNECT_MS);
        socket.on('connect', () => end());
        socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      }),

    /** Gives a part of a file in pieces, in order; each is valid until the next one. @throws Error */
    async *pieces(file: number, from: number, to: number): AsyncGenerator<Buffer> {
      const ahead: Promise<Buffer>[] = [];
      const most = aheadFor();
      let at = from;
      const fill = (): void => {
        for (; ahead.length < most && at < to; at += RANGE_BYTES) {
          const reading = read(file, at, Math.min(at + RANGE_BYTES, to));
          reading.catch(() => undefined); // it is waited for in its turn
          ahead.push(reading);
        }
      };
      for (fill(); ahead.length > 0; fill()) {
        const piece = (await ahead.shift()) as Buffer;
        yield piece;
        free.push(Buffer.from(piece.buffer));
      }
    },
  };
}

/** A sixteenth of the memory that the pod may use: what unpacks and compares needs the most. */
function aheadFor(): number {
  for (const file of ['memory.max', 'memory/memory.limit_in_bytes']) {
    try {
      const limit = Number(readFileSync(`/sys/fs/cgroup/${file}`, 'utf8'));
      if (limit > 0) return Math.max(1, Math.min(MOST_AHEAD, Math.floor(limit / 16 / RANGE_BYTES)));
    } catch {
      // The other version of control groups, or none.
    }
  }
  return MOST_AHEAD;
}

function refusalIn(status: number, text: string): string {
  const of = (name: string): string => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1] ?? '';
  return [status, of('Code'), of('Message').slice(0, 200)].filter(Boolean).join(' ');
}
