import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Rbac } from '../auth/rbac.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { User } from '../auth/user.ts';
import { badRequest, Failure, internalError } from '../store/failure.ts';
import { authenticate, authorize } from './access.ts';
import { type RouteContext, sendJson, sendText } from './call.ts';
import { PlainRefusal } from './exec.ts';
import { type RequestInfo, requestInfo } from './requestInfo.ts';
import { answerPath, answerResource } from './routes.ts';
import { Sockets } from './sockets.ts';

/** The API server: it knows who asks, asks RBAC, and hands on. Over plain HTTP, on 127.0.0.1 only. */
export class ApiServer {
  readonly #context: RouteContext;
  readonly #tokens: Tokens;
  readonly #rbac: Rbac;
  readonly #sockets: Sockets;
  readonly #listeners: http.Server[] = [];

  constructor(context: RouteContext, tokens: Tokens, rbac: Rbac) {
    this.#context = context;
    this.#tokens = tokens;
    this.#rbac = rbac;
    this.#sockets = new Sockets(context, rbac);
  }

  /**
   * @param port 0 for any free one.
   * @param actingAs every request on this port is one of this user, as with `kubectl proxy`; without it, tokens decide.
   * @returns the URL. @throws Error when the port is taken.
   */
  async listen(port: number, actingAs?: User): Promise<string> {
    const server = http.createServer({ requestTimeout: 0 }, (request, response) =>
      this.#answer(request, response, actingAs).catch(error => refuse(response, error))
    );
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      try {
        this.#upgrade(request, socket, head, actingAs);
      } catch (error) {
        refuseUpgrade(socket, error);
      }
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#listeners.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#sockets.close();
    await Promise.all(
      this.#listeners.map(async server => {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      })
    );
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    actingAs?: User
  ): Promise<void> {
    response.setHeader('cache-control', 'no-cache, private');
    const { url, user, info } = this.#admit(request, actingAs);
    if ('path' in info) return answerPath(this.#context, { request, response, url, info, user });
    await answerResource(this.#context, { request, response, url, info, user });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, actingAs?: User): void {
    const { url, user, info } = this.#admit(request, actingAs);
    if ('path' in info) throw badRequest('there is nothing to upgrade to');
    this.#sockets.answer({ request, socket, head, url, info, user });
  }

  /** @throws Failure 400, 401 or 403. */
  #admit(
    request: IncomingMessage,
    actingAs: User | undefined
  ): { url: URL; user: User; info: RequestInfo } {
    if (actingAs && !isLocal(request)) {
      throw new Failure(403, 'Forbidden', 'this port answers to its own name only');
    }
    try {
      const url = new URL(request.url ?? '/', 'http://playground');
      const info = requestInfo(request.method ?? 'GET', url);
      const user = actingAs ?? authenticate(this.#tokens, request.headers);
      authorize(this.#rbac, user, info);
      return { url, user, info };
    } catch (error) {
      if (error instanceof URIError || error instanceof TypeError) throw badRequest(error.message);
      throw error;
    }
  }
}

/** Keeps web pages of other origins from a port that asks for no token, DNS rebinding included. */
function isLocal({ headers }: IncomingMessage): boolean {
  const isOwnName = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '');
  const { origin } = headers;
  return isOwnName && (!origin || /^http:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/.test(origin));
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  if (error instanceof PlainRefusal) return sendText(response, error.code, error.message);
  const { code, status } = asFailure(error);
  sendJson(response, code, status);
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const isPlain = error instanceof PlainRefusal;
  const { code, status } = isPlain ? { code: error.code, status: {} } : asFailure(error);
  const type = isPlain ? 'text/plain; charset=utf-8' : 'application/json';
  const body = isPlain ? error.message : `${JSON.stringify(status)}\n`;
  socket.end(
    `HTTP/1.1 ${code} ${http.STATUS_CODES[code]}\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}

/** An error that is not a refusal is a bug of the playground: its stack is written to standard error. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof URIError) return badRequest(error.message);
  console.error(error);
  return internalError(error instanceof Error ? error.message : String(error));
}
