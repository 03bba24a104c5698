import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { WebSocket } from 'ws';
import { failureOf } from './apiFailure.ts';

const LONGEST_BODY = 4096;

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
    ...(options as WebSocket.ClientOptions),
    perMessageDeflate: false,
  });
  const stop = (): void => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('open', () => {
        socket.pause();
        socket.off('error', reject);
        resolve(socket);
      });
      socket.on('unexpected-response', (_request, answer: IncomingMessage) => {
        const { statusCode: status = 0, statusMessage: statusText = '', headers } = answer;
        let body = '';
        answer.on('data', chunk => (body = (body + chunk).slice(0, LONGEST_BODY)));
        answer.on('close', () => {
          socket.terminate();
          reject(failureOf({ status, statusText, body, retryAfter: headers['retry-after'] }));
        });
      });
      socket.on('error', reject);
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
