import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request on its way to a server. */
export interface Passing {
  method: string;
  /** With its query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * The fate of a request: it passes, perhaps changed; it is answered without its server; its connection breaks; or its
 * answer is changed.
 */
export type Fate =
  | undefined
  | { body: Buffer }
  | { status: number; text: string }
  | 'break'
  | { answer: (text: string) => string }
  | { bytes: (answer: Buffer) => Buffer };

export interface RequestProxy {
  readonly endpoint: string;
  readonly port: number;
  /** All requests, in their order. */
  readonly seen: Passing[];
  /** Decides on each request. */
  fate: (request: Passing) => Fate | Promise<Fate>;
  /** Sends a request to the server; a test may watch until its answer comes. */
  forward: (request: Passing, answer: () => Promise<IncomingMessage>) => Promise<IncomingMessage>;
  stop(): Promise<void>;
}

/** An HTTP proxy on loopback that a test can make change, refuse or break single requests. Host headers stay as they are signed. */
export async function startRequestProxy(to: { host: string; port: number }): Promise<RequestProxy> {
  const server = createServer((request, response) => {
    const handle = async (): Promise<void> => {
      const { method = '', url = '', headers } = request;
      const passing = { method, url, headers, body: await buffer(request) };
      proxy.seen.push(passing);
      const fate = await proxy.fate(passing);
      if (fate === 'break') return void request.socket.destroy();
      if (fate && 'status' in fate) {
        response.writeHead(fate.status, { 'content-type': 'application/xml' }).end(fate.text);
        return;
      }
      const body = fate && 'body' in fate ? fate.body : passing.body;
      const answer = await proxy.forward(passing, () => {
        const upstream = send({ host: to.host, port: to.port, method, path: url, headers });
        upstream.end(body);
        return new Promise<IncomingMessage>((resolve, reject) =>
          upstream.once('response', resolve).once('error', reject)
        );
      });
      if (!fate || !('answer' in fate || 'bytes' in fate)) {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        return;
      }
      const whole = await buffer(answer);
      const changed = 'bytes' in fate ? fate.bytes(whole) : Buffer.from(fate.answer(`${whole}`));
      const length = { 'content-length': `${changed.length}` };
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...length }).end(changed);
    };
    handle().catch(() => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: RequestProxy = {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    seen: [],
    fate: () => undefined,
    forward: (_request, answer) => answer(),
    async stop() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return proxy;
}

/** @returns an error as S3 answers it. */
export const s3Refusal = (status: number, code: string, message = code): Fate => ({
  status,
  text: `<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});
