import { z } from 'zod';
import type { Digest } from '../../archive/digest.ts';
import type { FedCommand } from '../../cluster/gateway/exec.ts';
import type { DirectReads } from '../../destinations/direct.ts';
import { textOf } from '../../errors.ts';
import { linesIn } from '../linesIn.ts';

/** The archives that the pod has read at the storage. */
export interface Fetched {
  /** All archives as one, in their order. */
  all: Digest;
  archives: Digest[];
}

const Amount = z.strictObject({
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const Arrived = z.strictObject({ all: Amount, archives: z.array(Amount) });

/** How a command ended that reads archives at the storage. */
export type FetchEnd =
  | { fetched: Fetched; exitCode: number }
  /** It has ended by itself, without having read all. */
  | { exitCode: number }
  /** Why it could not read on. It may not have ended. */
  | { broke: string };

export interface FetchOptions {
  signal: AbortSignal;
  /** @param bytes that were read at the storage so far */
  onBytes(bytes: number): void;
  /** Gets each line that is about something else. */
  onLine?(line: string): void;
}

/**
 * Gives the command what it needs to read archives at the storage (unpack/program/direct.ts), and signs each request that it
 * asks for. It is aborted where it broke.
 * @throws the reason of the signal
 */
export async function fetching(
  fed: FedCommand,
  { server, files, sign }: DirectReads,
  { signal, onBytes, onLine = () => undefined }: FetchOptions
): Promise<FetchEnd> {
  const broke = Promise.withResolvers<string>();
  let fetched: Fetched | undefined;
  const tell = (answer: object): void => void fed.stdin.write(`${JSON.stringify(answer)}\n`);
  const answer = async (file: number): Promise<void> => {
    try {
      tell({ file, ...(await sign(file, signal)) });
    } catch (error) {
      broke.resolve(textOf(error));
    }
  };
  const hear = linesIn(line => {
    const [, word = '', rest = ''] = /^nkvm: (want|read|arrived|broke) (.*)$/s.exec(line) ?? [];
    if (word === 'want') void answer(Number(rest));
    else if (word === 'read') onBytes(Number(rest));
    else if (word === 'broke') broke.resolve(rest.slice(0, 500));
    else if (word === 'arrived') fetched = arrivedIn(rest);
    else onLine(line);
  });
  const abort = (): void => fed.abort();
  signal.addEventListener('abort', abort);
  fed.stdout.setEncoding('utf8').on('data', hear);
  const drained = new Promise(resolve => fed.stdout.once('close', resolve));
  fed.stdin.on('error', () => undefined); // the end of the command says more
  try {
    tell({ server, files });
    const ended = Promise.all([fed.exit, drained]).then(
      ([exitCode]) => ({ exitCode }),
      (error: unknown) => ({ broke: `the command broke off: ${textOf(error)}` })
    );
    const end = await Promise.race([ended, broke.promise.then(why => ({ broke: why }))]);
    signal.throwIfAborted();
    if ('broke' in end) {
      fed.abort();
      return end;
    }
    return fetched ? { ...end, fetched } : end;
  } finally {
    signal.removeEventListener('abort', abort);
    fed.stdin.end();
  }
}

function arrivedIn(text: string): Fetched | undefined {
  try {
    return Arrived.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
