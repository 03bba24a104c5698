import type { KubeConfig } from '@kubernetes/client-node';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';

/** An answer of the API server that is not 200. `message` is the server's own sentence where it gave one. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** Nothing came over a connection that is still open. */
export class SilenceError extends Error {
  constructor(host: string, silenceMs: number) {
    super(`${host} has sent nothing for ${silenceMs / 1000} s`);
    this.name = 'SilenceError';
  }
}

export interface GetOptions {
  signal: AbortSignal;
  /** Longest time to wait for the connection and the status line. */
  answerMs: number;
  /** Longest pause in the body. */
  silenceMs: number;
}

/**
 * Gets from the API server as the current user of the kubeconfig. Over node:https and not over the client's own HTTP
 * library, which makes a new connection pool for every call, cannot be stopped before the answer, and gives objects
 * that are many times larger than what we keep of them.
 *
 * @param path with a leading slash, e.g. `/api/v1/pods`.
 * @returns the body as it comes; it breaks with SilenceError when it pauses for too long.
 * @throws ApiError, SilenceError, or what the connection threw.
 */
export async function getStream(
  kubeConfig: KubeConfig,
  path: string,
  query: Record<string, string>,
  { signal, answerMs, silenceMs }: GetOptions
): Promise<IncomingMessage> {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const url = new URL(cluster.server.replace(/\/+$/, '') + path);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);

  const options: https.RequestOptions = { headers: { Accept: 'application/json' } };
  await kubeConfig.applyToHTTPSOptions(options);
  // The client keeps its agent for ever, with the certificates of its first call. Node's own agent takes them from each
  // request, so that rotated ones are used, and keeps the connection for the next page.
  if (!cluster.proxyUrl) delete options.agent;

  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const { request: send } = url.protocol === 'http:' ? http : https;
    const request = send(url, { ...options, signal, timeout: answerMs });
    let answer: IncomingMessage | undefined;
    request
      .on('response', response => {
        answer = response;
        request.setTimeout(silenceMs);
        resolve(response);
      })
      .on('timeout', () =>
        answer
          ? answer.destroy(new SilenceError(url.host, silenceMs))
          : request.destroy(new SilenceError(url.host, answerMs))
      )
      .on('error', reject)
      .end();
  });
  if (response.statusCode === 200) return response;
  throw new ApiError(response.statusCode ?? 0, sentenceOf(await text(response), response));
}

/** @returns the parsed body. @throws as getStream does, and when the whole takes longer than `totalMs`. */
export async function getJson<T>(
  kubeConfig: KubeConfig,
  path: string,
  query: Record<string, string>,
  { totalMs, signal, ...options }: GetOptions & { totalMs: number }
): Promise<T> {
  const limit = AbortSignal.timeout(totalMs);
  try {
    const either = AbortSignal.any([signal, limit]);
    return JSON.parse(
      await text(await getStream(kubeConfig, path, query, { ...options, signal: either }))
    );
  } catch (error) {
    if (!limit.aborted) throw error;
    throw new Error(`${path} took longer than ${totalMs / 1000} s`, { cause: error });
  }
}

/** The API server explains itself in a Status object; a proxy before it may not. */
function sentenceOf(body: string, { statusCode, statusMessage }: IncomingMessage): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string' && message !== '') return message;
  } catch {
    // Not JSON: the status line has to do.
  }
  return `HTTP ${statusCode} ${statusMessage}`.trim();
}
