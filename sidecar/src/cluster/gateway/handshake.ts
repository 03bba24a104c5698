import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { WebSocket } from 'ws';
import { ApiFailure, failureOf } from './apiFailure.ts';

/** Kubelets send 32 KiB at once. The default of the library, 100 MiB, is memory that a server could make us fill. */
const LONGEST_MESSAGE = 16 * 1024 * 1024;

/** The server has sent all when it closes the WebSocket: whether it then closes the connection, too, is of no matter. */
export const CLOSE_MS = 1_000;

/** A webhook's explanation may be long, and a Status that is cut says nothing. */
const LONGEST_BODY = 65_536;

/**
 * Opens a WebSocket, paused: what comes with the handshake must find its listeners.
 * @throws ApiFailure when the API server refuses, else what the connection threw, or the signal's reason.
 */
export async function openSocket(
  url: URL,
  protocols: string[],
  options: RequestOptions,
  signal: AbortSignal
): Promise<WebSocket> {
  signal.throwIfAborted();
  const socket = new WebSocket(url, protocols, {
    ...({ ...options, closeTimeout: CLOSE_MS } as WebSocket.ClientOptions),
    perMessageDeflate: false,
    maxPayload: LONGEST_MESSAGE,
    followRedirects: false,
  });
  const stop = (): void => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('open', () => {
        socket.pause();
        socket.removeAllListeners('error');
        resolve(socket);
      });
      socket.on('unexpected-response', (_request, answer: IncomingMessage) => {
        const { statusCode: status = 0, statusMessage: statusText = '', headers } = answer;
        let body = '';
        answer.on('data', chunk => (body = (body + chunk).slice(0, LONGEST_BODY)));
        answer.on('close', () => {
          socket.terminate();
          const refusal = { status, statusText, body, retryAfter: headers['retry-after'] };
          const failure = failureOf(refusal);
          // For every status: nothing begins before the handshake is over.
          reject(new ApiFailure(failure.message, { ...failure, mayBeDone: false }));
        });
      });
      socket.on('error', error =>
        // ws has no code for it. The server has answered, so it is not away.
        reject(/subprotocol/i.test(error.message) ? unknownProtocol(protocols, error) : error)
      );
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const unknownProtocol = (protocols: string[], cause: Error): ApiFailure =>
  new ApiFailure(
    `the API server does not support ${protocols.join(' or ')} (Kubernetes 1.30 and later do)`,
    { kind: 'invalid', class: 'needs-action' },
    { cause }
  );
