import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';

/** Sends requests on to an API server. Nothing is buffered. */
export interface Forwarder {
  request(req: http.IncomingMessage, res: http.ServerResponse, path: string): void;
  /** WebSockets: watches, exec, logs. `head` is what the client sent after its headers. */
  upgrade(req: http.IncomingMessage, socket: Duplex, head: Buffer, path: string): void;
  /**
   * A GET without a body, with the headers of `req`.
   * @returns the answer as it begins. @throws Error when the API server cannot be reached.
   */
  get(req: http.IncomingMessage, path: string): Promise<http.IncomingMessage>;
}

/** Gives the credentials for each request: certificates, headers. */
export type Credentials = () => Promise<https.RequestOptions>;

/**
 * @param credentials absent: the API server knows who asks, such as `kubectl proxy`, or the request says it itself.
 * With them, the client's own credentials are not forwarded.
 */
export function forwardTo(kubeUrl: string, credentials?: Credentials): Forwarder {
  const { host, protocol } = new URL(kubeUrl);
  const base = kubeUrl.replace(/\/+$/, '');
  const open = async (req: http.IncomingMessage, path: string, method = req.method) => {
    const { headers: own, ...options } = (await credentials?.()) ?? { agent: false };
    // The Origin stays: the API server refuses WebSockets without one.
    const headers: http.IncomingHttpHeaders = { ...req.headers, host };
    if (credentials) for (const name of ['authorization', 'cookie']) delete headers[name];
    if (method !== req.method) {
      for (const name of ['content-length', 'transfer-encoding']) delete headers[name];
    }
    return (protocol === 'https:' ? https : http).request(base + path, {
      ...options,
      method,
      headers: { ...headers, ...(own as http.OutgoingHttpHeaders) },
    });
  };

  return {
    request(req, res, path) {
      const fail = (error: Error): void => {
        if (res.headersSent) return void res.destroy();
        res.writeHead(502, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ message: `${kubeUrl} does not answer: ${error.message}` }));
      };
      open(req, path).then(upstream => {
        upstream.on('response', answer => {
          // The browser may have left since.
          if (res.destroyed) return void upstream.destroy();
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          // A stream of events may be silent for a while: the browser must see its headers at once.
          res.flushHeaders();
          pipeline(answer, res, () => undefined);
        });
        upstream.on('error', fail);
        res.on('close', () => upstream.destroy());
        pipeline(req, upstream, () => undefined);
      }, fail);
    },

    async get(req, path) {
      const upstream = await open(req, path, 'GET');
      return await new Promise((resolve, reject) => {
        upstream.on('response', resolve);
        upstream.on('error', reject);
        upstream.end();
      });
    },

    upgrade(req, socket, head, path) {
      socket.on('error', () => socket.destroy());
      open(req, path).then(
        upstream => {
          upstream.on('upgrade', (answer, upstreamSocket, upstreamHead) => {
            if (socket.destroyed) return void upstreamSocket.destroy(); // the browser has left meanwhile
            socket.write(headOf(answer));
            socket.write(upstreamHead);
            upstreamSocket.write(head);
            pipeline(socket, upstreamSocket, socket, () => undefined);
          });
          upstream.on('response', answer => {
            if (socket.destroyed) return void answer.destroy();
            socket.write(headOf(answer));
            pipeline(answer, socket, () => undefined);
          });
          upstream.on('error', () => socket.destroy());
          socket.on('error', () => upstream.destroy());
          upstream.end();
        },
        () => socket.destroy()
      );
    },
  };
}

/** The status line and the headers of an answer, as they were received. */
function headOf({ statusCode, statusMessage, rawHeaders }: http.IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let i = 0; i < rawHeaders.length; i += 2)
    lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
