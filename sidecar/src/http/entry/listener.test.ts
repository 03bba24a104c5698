import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../../api/index.ts';
import { Problem as ProblemSchema } from '../../../api/index.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';
import type { Door } from './door.ts';
import { openDoor } from './door.ts';

let world: HttpTestWorld;
let door: Door;

beforeAll(async () => {
  world = await httpWorld();
  await world.app.ready();
  door = await openDoor({ host: '127.0.0.1', port: 0 }, () => 'starting', {
    warn: () => undefined,
  });
  door.open(world.app.routing);
});
afterAll(async () => {
  await door.close();
  await world.close();
});

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Sends bytes as they are, and reads one answer. */
async function send(...bytes: (string | Buffer)[]): Promise<Answer> {
  const socket = net.connect(door.address.port, '127.0.0.1');
  socket.on('error', () => undefined);
  for (const each of bytes) socket.write(each);
  let text = '';
  const isHead = String(bytes[0]).startsWith('HEAD');
  while (isHead ? !text.includes('\r\n\r\n') : !isWhole(text)) {
    const [chunk] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    if (!Buffer.isBuffer(chunk)) throw new Error(`the connection ended after: ${text}`);
    text += chunk;
  }
  socket.destroy();
  return answerOf(text);
}

function answerOf(text: string): Answer {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map(line => line.split(': ') as [string, string]);
  const headers = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  return { status: Number(first.split(' ')[1]), headers, body };
}

function isWhole(text: string): boolean {
  if (!text.includes('\r\n\r\n')) return false;
  const { headers, body } = answerOf(text);
  return Buffer.byteLength(body) >= Number(headers['content-length'] ?? 0);
}

const USUAL = 'Host: nkvm\r\nX-NKVM-Token: admin\r\n';
const request = (line: string, headers = '', body = ''): string =>
  `${line} HTTP/1.1\r\n${USUAL}${headers}\r\n${body}`;
const post = (body: string, type = 'application/json'): string =>
  request(
    'POST /api/v1/backups',
    `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`,
    body
  );
const many = (count: number, one: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => `${one(at)}\r\n`).join('');

describe('requests with large headers', () => {
  it.each<[string, string]>([
    ['32 KiB of cookies', `Cookie: session=${'a'.repeat(32 * 1024)}\r\n`],
    ['cookies in 25 headers', many(25, at => `Cookie: part-${at}=${'a'.repeat(4_000)}`)],
    ['60 KiB of other headers', many(60, at => `X-Forwarded-Claims-${at}: ${'a'.repeat(1_000)}`)],
    ['2,500 headers, and the token behind them', many(2_500, at => `X-${at}: 1`)],
  ])('are answered: %s', async (_, headers) => {
    const token = 'X-NKVM-Token: admin\r\n';
    const answer = await send(`GET /api/v1/info HTTP/1.1\r\nHost: nkvm\r\n${headers}${token}\r\n`);
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"user":"admin"') });
    expect(world.logged).not.toContain('aaaaaaaa');
  });
});

describe('what no handler sees is answered with a problem', () => {
  const long = 'a'.repeat(1_000_000);
  const chunked = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n';
  it.each<[string, string | Buffer, number, string]>([
    ['a URL of a megabyte', request(`GET /api/v1/volumes?x=${long}`), 431, 'HeadersTooBig'],
    ['a URL of 40 KB', request(`GET /api/v1/volumes?x=${'a'.repeat(40_000)}`), 414, 'UrlTooLong'],
    ['a segment of 2,000 characters', request(`GET /api/v1/backups/${'a'.repeat(2_000)}`), 414, 'UrlTooLong'], // prettier-ignore
    ['headers of a megabyte', request('GET /api/v1/info', `X: ${long}\r\n`), 431, 'HeadersTooBig'],
    ['a byte that is not UTF-8', request('GET /api/v1/%ff'), 400, 'BadRequest'],
    ['such a byte in a name', request('GET /api/v1/volumes/shop/%ff'), 400, 'BadRequest'],
    ['a % without digits', request('GET /api/v1/backups/%zz'), 400, 'BadRequest'],
    ['a request without Host', 'GET /api/v1/info HTTP/1.1\r\n\r\n', 400, 'MalformedRequest'],
    ['text that is not HTTP', 'hello\r\n\r\n', 400, 'MalformedRequest'],
    ['TLS', Buffer.from('16030100a5010000a10303', 'hex'), 400, 'MalformedRequest'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'MalformedRequest'],
    ['another version', 'GET / HTTP/9.9\r\n\r\n', 400, 'MalformedRequest'],
    ['a method that does not exist', request('FOO /api/v1/info'), 400, 'MalformedRequest'],
    ['a broken header', request('GET /api/v1/info', 'a b\r\n'), 400, 'MalformedRequest'],
    ['a broken chunk', request('POST /api/v1/backups', chunked, 'zz\r\n'), 400, 'MalformedRequest'],
    ['two sizes', request('POST /api/v1/backups', `Content-Length: 2\r\n${chunked}`, '{}'), 400, 'MalformedRequest'], // prettier-ignore
    ['another Expect', request('GET /api/v1/info', 'Expect: a\r\n'), 417, 'ExpectationUnknown'],
    ['CONNECT', request('CONNECT example.com:443'), 405, 'MethodNotAllowed'],
    ['another path', request('GET /x'), 404, 'NoSuchRoute'],
    ['no path', request('OPTIONS *'), 404, 'NoSuchRoute'],
    ['broken JSON', post('{'), 400, 'BadRequest'],
    ['no JSON', post(''), 400, 'BadRequest'],
    ['a key __proto__', post('{"__proto__":{}}'), 400, 'BadRequest'],
    ['JSON that is too deep', post('['.repeat(30_000) + ']'.repeat(30_000)), 400, 'BadRequest'],
    ['a large body', post(`"${'a'.repeat(5_000_000)}"`), 413, 'BodyTooBig'],
    ['text', post('{}', 'text/plain'), 415, 'NotJson'],
    ['a form', post('a=b', 'application/x-www-form-urlencoded'), 415, 'NotJson'],
    ['a type that is none', post('{}', 'a'), 415, 'NotJson'],
    ['gzip', post('{}', 'application/json\r\nContent-Encoding: gzip'), 415, 'EncodingNotSupported'],
    ['a parameter twice', request('GET /api/v1/backups?limit=1&limit=2'), 400, 'BadRequest'],
    ['a hexadecimal number', request('GET /api/v1/backups?limit=0x10'), 400, 'BadRequest'],
    ['an unknown parameter', request('GET /api/v1/backups?x=1'), 400, 'BadRequest'],
  ])('%s', async (_, bytes, status, reason) => {
    const answer = await send(bytes);
    const problem: Problem = ProblemSchema.parse(JSON.parse(answer.body));
    expect([answer.status, problem.status, problem.reason]).toEqual([status, status, reason]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(problem.hint).not.toBe('');
    expect(problem.title).not.toBe('The request was refused');
  });

  it.each<[string, string, string]>([
    ['DELETE', '/api/v1/info', 'GET'],
    ['TRACE', '/api/v1/backups', 'GET, POST'],
    ['OPTIONS', '/api/v1/backups/x', 'GET'],
    ['PUT', '/api/v1/uploads/x', 'DELETE'],
    ['PROPFIND', '/api/v1/backups/x/cancel', 'POST'],
    ['POST', '/api/v1/openapi.json', 'GET'],
    ['PATCH', '/metrics', 'GET'],
    ['PUT', '/healthz', 'GET'],
    ['POST', '/api/v1/volumes/~a1', 'GET'],
  ])('%s %s: the answer has Allow: %s', async (method, path, allow) => {
    const answer = await send(request(`${method} ${path}`, 'Content-Length: 0\r\n'));
    expect(answer).toMatchObject({ status: 405, headers: { allow } });
    expect(JSON.parse(answer.body)).toMatchObject({ reason: 'MethodNotAllowed', status: 405 });
  });

  it('HEAD has the status alone, and does not wait for a stream to end', async () => {
    const { status, headers, body } = await send(request('HEAD /api/v1/volumes/events'));
    expect([status, headers.allow, body]).toEqual([405, 'GET', '']);
  });

  it('401 says how to authenticate', async () => {
    const answer = await send('GET /api/v1/info HTTP/1.1\r\nHost: nkvm\r\n\r\n');
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="nkvm"' },
    });
  });
});

it('a client that writes on after a fault gets one answer, and the connection is closed', async () => {
  const socket = net.connect(door.address.port, '127.0.0.1');
  let text = '';
  socket.on('data', chunk => (text += chunk)).on('error', () => undefined);
  socket.write('hello\r\n\r\n'.repeat(1_000));
  await once(socket, 'end');
  expect(text.match(/HTTP\/1\.1 400/g)).toHaveLength(1);
  socket.destroy();
});

it('a fault behind a request whose answer is under way does not get into that answer', async () => {
  const socket = net.connect(door.address.port, '127.0.0.1');
  let text = '';
  socket.on('data', chunk => (text += chunk)).on('error', () => undefined);
  socket.write(request('GET /api/v1/volumes/events'));
  await once(socket, 'data');
  const closed = once(socket, 'close');
  socket.write('hello\r\n\r\n');
  await closed;
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
});
