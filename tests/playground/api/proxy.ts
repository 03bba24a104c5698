import http, {
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream/promises';
import { unavailable } from '../store/failure.ts';
import type { Backend } from './serviceBackend.ts';

/** Headers that end at the API server: the caller's credentials, and those of one connection. */
const NOT_FORWARDED =
  /^(authorization|x-remote-.*|connection|keep-alive|proxy-.*|te|trailer|upgrade)$/;

/**
 * Sends a request on and streams the answer back; nothing is buffered. As the real one does, it adds `X-Forwarded-For`
 * and `X-Forwarded-Uri`, keeps Host and Cookie, and puts its own path before the path of a redirection. Unlike the real
 * one it leaves the links in HTML as they are.
 *
 * @param rest path behind `/proxy`, still encoded.
 * @throws Failure 503 when the backend cannot be reached.
 */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  backend: Backend,
  prefix: string,
  rest: string,
  search: string
): Promise<void> {
  // As in the API server, an encoded slash becomes a slash.
  const path = encodeURI(decodeURIComponent(rest)).replaceAll('?', '%3F').replaceAll('#', '%23');
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!NOT_FORWARDED.test(name)) headers[name] = value;
  }
  const before = request.headers['x-forwarded-for'];
  headers['x-forwarded-for'] = `${before ? `${before}, ` : ''}${request.socket.remoteAddress}`;
  headers['x-forwarded-uri'] = `${prefix}${decodeURIComponent(rest)}`;

  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { request: open } = backend.protocol === 'https:' ? https : http;
    const { host, port, protocol } = backend;
    const onward = open({
      protocol,
      host,
      port,
      method: request.method,
      path: `${path}${search}`,
      headers,
      agent: false,
      rejectUnauthorized: false, // the API server does not check the certificates of backends either
    });
    onward.on('response', resolve).on('error', error => reject(unreachable(backend, error)));
    response.on('close', () => onward.destroy());
    pipeline(request, onward).catch(() => undefined); // told by the event
  });

  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    const name = answer.rawHeaders[i]!;
    let value = answer.rawHeaders[i + 1]!;
    if (/^(connection|keep-alive|transfer-encoding)$/i.test(name)) continue;
    if (/^location$/i.test(name) && value.startsWith('/')) value = prefix + value;
    response.appendHeader(name, value);
  }
  response.statusCode = answer.statusCode ?? 502;
  response.flushHeaders(); // a stream of events may be silent for a while
  await pipeline(answer, response).catch(() => response.destroy());
}

function unreachable({ host, port }: Backend, error: NodeJS.ErrnoException): Error {
  const why = error.code === 'ECONNREFUSED' ? 'connect: connection refused' : error.message;
  return unavailable(`error trying to reach service: dial tcp ${host}:${port}: ${why}`);
}
