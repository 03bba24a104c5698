import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HashAndCount } from '../../archive/digest.ts';
import type { FedCommand } from '../../cluster/gateway/exec.ts';
import type { Route } from '../transport.ts';
import { CONNECT, overExec, pushRoute } from './invite.ts';
import type { Connection, Invitation, Invited, PushListener } from './listener.ts';

/** Lines of the pod about its connection; see unpack/program/pull.ts. */
const FETCHES = 'nkvm: fetch';
const OTHERWISE = 'nkvm: otherwise ';
const BROKE = 'nkvm: broke ';

/** How much later than the connection closes the command may end, or say why. */
const LATE_MS = 30_000;

/** The first line of the input of the unpacking command. */
export const fetchLine = (invitation: Invitation): string =>
  `${JSON.stringify({ connect: CONNECT, invitation })}\n`;

/** The lines of the pod about its connection, as they come. */
export interface FetchNews {
  line(text: string): void;
  /** Whether the pod fetches; undefined: the command ended before it said so. */
  decided: Promise<{ why: string } | 'fetches' | undefined>;
  /** Resolves to why the pod could not read the archive to its end. */
  broke: Promise<string>;
}

export function fetchNews(exit: Promise<number>): FetchNews {
  const decided = Promise.withResolvers<{ why: string } | 'fetches' | undefined>();
  const broke = Promise.withResolvers<string>();
  exit.then(
    () => decided.resolve(undefined),
    () => decided.resolve(undefined)
  );
  return {
    line(text) {
      if (text === FETCHES) decided.resolve('fetches');
      else if (text.startsWith(OTHERWISE)) decided.resolve({ why: text.slice(OTHERWISE.length) });
      else if (text.startsWith(BROKE)) broke.resolve(text.slice(BROKE.length));
    },
    decided: decided.promise,
    broke: broke.promise,
  };
}

/**
 * Waits for the pod's decision.
 * @returns the connection; undefined: the archive goes over the input of the command.
 */
export async function fetchedBy(
  listener: PushListener,
  invited: Invited,
  { decided }: FetchNews
): Promise<{ connection: Connection | undefined; route: Route }> {
  const answer = await decided;
  invited.revoke();
  const connection = invited.taken();
  if (answer === 'fetches' && connection) return { connection, route: pushRoute(listener) };
  connection?.response.destroy();
  const why =
    answer === 'fetches'
      ? 'NKVM has no connection of it'
      : answer?.why ?? 'the unpacking command ended';
  return { connection: undefined, route: overExec(listener, why) };
}

/** How a command ended that fetched its archive. */
export interface FetchEnd {
  /** Undefined where the connection to the API server broke, or that of the pod did. */
  exitCode: number | undefined;
  /** Why not all could be sent; undefined when all was. */
  error: unknown;
}

/**
 * Answers the pod with all of `body`, and waits for the end of its command.
 * @throws what `body` or the signal says
 */
export async function answerWith(
  { response }: Connection,
  {
    body,
    counting,
    fed,
    news,
    signal,
  }: {
    body: Readable;
    counting: HashAndCount;
    fed: FedCommand;
    news: Pick<FetchNews, 'broke'>;
    signal: AbortSignal;
  }
): Promise<FetchEnd> {
  const abort = (): void => {
    response.destroy();
    fed.abort();
  };
  signal.addEventListener('abort', abort);
  let isOfBody = false;
  // A connection that has closed before the first byte makes an error of the body as well.
  body.once('error', () => (isOfBody ||= !response.destroyed && !response.closed));
  fed.exit.catch(() => response.destroy());
  // A pod that could not read on does not end by itself: an end would look like the end of the archive.
  const toldWhy = news.broke.then(why => {
    response.destroy();
    return why;
  });
  try {
    let error: unknown;
    await pipeline(body, counting, response, { signal, end: false }).then(
      () => {
        const { bytes, sha256 } = counting.digest();
        response.addTrailers({ 'nkvm-bytes': String(bytes), 'nkvm-sha256': sha256 });
        response.end();
      },
      (reason: unknown) => (error = reason)
    );
    signal.throwIfAborted();
    if (error !== undefined && isOfBody) {
      abort();
      throw error;
    }
    const exitCode = await endOf(fed, toldWhy, error !== undefined).catch((reason: unknown) => {
      error ??= reason;
      abort();
      return undefined;
    });
    signal.throwIfAborted();
    return { exitCode, error };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** @throws Error that says why no end is to be expected. */
async function endOf(
  fed: FedCommand,
  toldWhy: Promise<string>,
  isBroken: boolean
): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const told = toldWhy.then(why => {
    throw new Error(`the pod could not read the archive to its end: ${why}`);
  });
  const late = new Promise<never>((_, reject) => {
    if (!isBroken) return;
    timer = setTimeout(reject, LATE_MS, new Error('the command did not end'));
  });
  return await Promise.race([fed.exit, told, late]).finally(() => clearTimeout(timer));
}
