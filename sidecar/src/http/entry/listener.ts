import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from '../../certificate.ts';
import { connectionPlaces } from './connections.ts';
import {
  EARLY_LIMITS,
  expectationUnknown,
  noTunnel,
  refusalOfBeginning,
  refusalOfParser,
  tooManyConnections,
} from './early.ts';
import { headersOf, problemOf } from './problems.ts';

/** A client that reads an answer needs no longer to take it, and another one is not waited for. */
const LINGER_MS = 1_000;
const HANDSHAKE_MS = 10_000;

/** Of every answer: no browser may take it for a page, run something in it, or show it in a frame. */
const SAFE_HEADERS = Object.entries({
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
});

export interface ListenerOptions {
  /** With it, the server takes HTTPS and nothing else. */
  certificate?: Certificate | undefined;
  /** @returns whether there is room for a new connection. */
  hasRoom?: (socket: Socket) => boolean;
}

/**
 * @param answer gets every request that can be read.
 * @returns an HTTP server, not listening yet. It answers requests that no handler can see with a problem, too.
 */
export function createListener(
  answer: RequestListener,
  { certificate, hasRoom = connectionPlaces() }: ListenerOptions = {}
): http.Server | https.Server {
  /** The answer that a connection is getting. */
  const answers = new WeakMap<Duplex, ServerResponse>();
  /** Connections that have got their last answer. */
  const refused = new WeakSet<Duplex>();
  const options: http.ServerOptions = {
    // An upload takes as long as it takes; other bodies have a limit of their own. Without a limit here, Node has none
    // for headers either.
    requestTimeout: 0,
    headersTimeout: EARLY_LIMITS.headersMs,
    maxHeaderSize: EARLY_LIMITS.headerBytes,
    requireHostHeader: false, // Node's answer has no body
  };
  const onRequest: RequestListener = (request, response) => {
    if (refused.has(request.socket)) return;
    // A response without a socket waits behind another: the request was pipelined, which no client of NKVM does. Each
    // would be answered into memory while the client reads nothing.
    if (!response.socket) return void request.socket.destroy();
    answers.set(response.socket, response);
    for (const [name, value] of SAFE_HEADERS) response.setHeader(name, value);
    const { url = '/', httpVersion, headers } = request;
    const refusal = refusalOfBeginning({ url, httpVersion, host: headers.host });
    if (refusal) return refuse(response, refusal);
    answer(request, response);
  };
  const server = certificate
    ? https.createServer({ ...options, ...certificate, handshakeTimeout: HANDSHAKE_MS }, onRequest)
    : http.createServer(options, onRequest);
  server.on('connection', (socket: Socket) => {
    if (hasRoom(socket)) return;
    refused.add(socket);
    socket.on('error', () => socket.destroy());
    if (certificate) socket.destroy();
    else endWith(socket, tooManyConnections());
  });
  server.maxHeadersCount = 0; // by default, headers after the 2,000th are dropped without an error
  server.on('checkExpectation', ({ headers }: IncomingMessage, response: ServerResponse) =>
    refuse(response, expectationUnknown(headers.expect))
  );
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    endWith(socket, noTunnel());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const before = answers.get(socket);
    const isAnswering = before?.headersSent && !before.writableFinished;
    // An answer that is under way would be continued by this one.
    if (!socket.writable || isAnswering || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    if (refused.has(socket)) return; // bytes after the first fault are read and dropped
    refused.add(socket);
    endWith(socket, refusalOfParser(error, certificate !== undefined));
  });
  return server;
}

/** Answers a request whose body has not been read, and closes the connection. */
function refuse(response: ServerResponse, error: unknown): void {
  const problem = problemOf(error, '');
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...headersOf(error, problem.status),
  });
  response.end(body);
}

/** Answers where there is no `ServerResponse`, and closes the connection when the client has had time to read. */
function endWith(socket: Duplex, error: unknown): void {
  const problem = problemOf(error, '');
  const body = JSON.stringify(problem);
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...Object.fromEntries(SAFE_HEADERS),
    ...headersOf(error, problem.status),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `${problem.status} ${http.STATUS_CODES[problem.status] ?? ''}`;
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
  // Destroyed with bytes unread, it would send a reset, which takes the answer away from the client.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
