/**
 * The process of a gate, see gate.ts: a proxy without TLS. It has a process of its own, because tests wait for kubectl without
 * letting anything else run. Its argument is the address of the API server; it sends its port, and is told which call to hold.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { FromGate, Point, ToGate } from './gate.ts';

const api = new URL(process.argv[2] ?? '');
let point: Point | undefined;
let isShut = false;

const say = (message: FromGate): void => void process.send?.(message);

process.on('message', (message: ToGate) => {
  if ('hold' in message) point = message.hold;
  else isShut = false;
});
process.on('disconnect', () => process.exit());

const shut = (): void => {
  isShut = true;
  point = undefined;
  say({ reached: true });
};

const isPoint = (method: string, url: string, body: string): boolean =>
  point !== undefined &&
  point.method === method &&
  new RegExp(`^${point.path}$`).test(url) &&
  `${url} ${body}`.includes(point.about);

async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  if (isShut) return;
  const body = Buffer.concat(chunks);
  const { method = 'GET', url = '/', headers } = request;
  const when = isPoint(method, url, body.toString()) ? point?.when : undefined;
  if (when === 'before') return shut();
  const to = { host: api.hostname, port: api.port, method, path: url, headers };
  const far = http.request(to, answer => {
    if (when === 'after') {
      answer.resume().on('end', shut);
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders(); // a watch may have nothing to say for minutes
    answer.on('error', () => response.destroy()).pipe(response);
  });
  far.on('error', () => response.destroy());
  response.on('close', () => far.destroy());
  far.end(body);
}

const server = http.createServer(
  (request, response) => void pass(request, response).catch(() => response.destroy())
);
server.on('upgrade', (request, near, head) => {
  const far = connect({ host: api.hostname, port: Number(api.port), allowHalfOpen: true });
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let at = 0; at < request.rawHeaders.length; at += 2)
    lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
  far.write(`${lines.join('\r\n')}\r\n\r\n`);
  far.write(head);
  far.pipe(near).pipe(far);
  far.on('error', () => near.destroy()).on('close', () => near.destroy());
  near.on('error', () => far.destroy()).on('close', () => far.destroy());
});
server.listen(0, '127.0.0.1', () => say({ port: (server.address() as AddressInfo).port }));
