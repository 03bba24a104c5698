import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { sendJson } from '../browser/host/files.ts';
import type { Forwarder } from '../browser/host/forward.ts';
import type { Instead } from './person.ts';

export interface DoorOptions {
  cluster: Forwarder;
  /** Where to send a request to the cluster whose body is ours. */
  ask(path: string, body: object): Promise<{ status: number; body: object }>;
  /** Paths below this go to the sidecar, without it. */
  sidecar?: { prefix: string; forward: Forwarder };
  /** Answers to POST requests: see `introduce`. */
  instead(path: string, posted: object): Instead;
  /** Who is let in. */
  admits(request: IncomingMessage): boolean;
}

export interface Door {
  url: string;
  close(): Promise<void>;
}

/** Paths of requests that may be answered in the API server's place; others are not even read. */
const ANSWERED_HERE =
  /^\/api\/v1\/namespaces\/[^/]+\/(serviceaccounts\/[^/]+\/token|events)$|reviews$/;

/** Opens a port on 127.0.0.1 that leads to a cluster. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const { cluster, sidecar, admits } = options;
  const server = http.createServer({ requestTimeout: 0 }, (req, res) => {
    const path = req.url ?? '/';
    if (!admits(req)) return sendJson(res, 403, { message: 'this port is not for you' });
    if (sidecar && path.startsWith(sidecar.prefix)) {
      return sidecar.forward.request(req, res, path.slice(sidecar.prefix.length));
    }
    if (req.method !== 'POST' || !ANSWERED_HERE.test(path)) return cluster.request(req, res, path);
    answerReview(options, req, path).then(
      ({ status, body }) => sendJson(res, status, body),
      error => sendJson(res, 502, { message: (error as Error).message })
    );
  });
  server.on('upgrade', (req, socket, head) => {
    if (!admits(req)) return void socket.destroy();
    cluster.upgrade(req, socket, head, req.url ?? '/');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerReview({ instead, ask }: DoorOptions, req: IncomingMessage, path: string) {
  const posted = (await json(req)) as object;
  const other = instead(path, posted);
  if (other && 'answer' in other) return { status: 201, body: other.answer };
  return other ? await ask(other.ask.path, other.ask.body) : await ask(path, posted);
}
