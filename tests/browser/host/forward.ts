import http from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';

/** Sends requests on to an API server that speaks plain HTTP, such as `kubectl proxy`. Nothing is buffered. */
export interface Forwarder {
  request(req: http.IncomingMessage, res: http.ServerResponse, path: string): void;
  /** WebSockets: watches, exec, logs. `head` is what the client sent after its headers. */
  upgrade(req: http.IncomingMessage, socket: Duplex, head: Buffer, path: string): void;
}

export function forwardTo(kubeUrl: string): Forwarder {
  const { host } = new URL(kubeUrl);
  const open = (req: http.IncomingMessage, path: string) =>
    http.request(new URL(path, kubeUrl), {
      method: req.method,
      // The Origin stays: the API server refuses WebSockets without one.
      headers: { ...req.headers, host },
      agent: false,
    });

  return {
    request(req, res, path) {
      const upstream = open(req, path);
      upstream.on('response', answer => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        // A stream of events may be silent for a while: the browser must see its headers at once.
        res.flushHeaders();
        pipeline(answer, res, () => undefined);
      });
      upstream.on('error', error => {
        if (res.headersSent) return void res.destroy();
        res.writeHead(502, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ message: `${kubeUrl} does not answer: ${error.message}` }));
      });
      res.on('close', () => upstream.destroy());
      pipeline(req, upstream, () => undefined);
    },

    upgrade(req, socket, head, path) {
      const upstream = open(req, path);
      upstream.on('upgrade', (answer, upstreamSocket, upstreamHead) => {
        socket.write(headOf(answer));
        socket.write(upstreamHead);
        upstreamSocket.write(head);
        pipeline(socket, upstreamSocket, socket, () => undefined);
      });
      upstream.on('response', answer => {
        socket.write(headOf(answer));
        pipeline(answer, socket, () => undefined);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
      upstream.end();
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
