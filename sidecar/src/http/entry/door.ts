import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { namespaceOfNkvm } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { createListener } from './listener.ts';
import { problemOf } from './problems.ts';
import { withoutUniqueSegment } from './uniqueSegment.ts';

/**
 * The HTTP server from the first moment of the process. Until the API is there it answers by itself: alive for the
 * kubelet, not ready for anybody else.
 */
export interface Door {
  readonly address: AddressInfo;
  /** Hands every request from now on to the API. No connection is closed for that. */
  open(api: RequestListener): void;
  /** Answers by itself again. */
  shut(): void;
  /** Closes every connection. */
  close(): Promise<void>;
}

/**
 * @param waitsFor says what the process is waiting for, in a sentence.
 * @throws Error when the port is taken.
 */
export async function openDoor(
  listenOn: { host: string; port: number },
  waitsFor: () => string
): Promise<Door> {
  const wait: RequestListener = ({ url = '/' }, response) => {
    switch (withoutUniqueSegment(url).split('?')[0]) {
      case '/healthz':
        return send(response, 200, 'text/plain', 'ok');
      case '/readyz':
        return send(response, 503, 'text/plain', waitsFor());
      default: {
        const problem = problemOf(starting(waitsFor()), '');
        response.setHeader('Retry-After', '2');
        return send(response, 503, 'application/problem+json', JSON.stringify(problem));
      }
    }
  };
  let answer = wait;
  const server = createListener((request, response) => answer(request, response));
  server.listen(listenOn);
  await once(server, 'listening');
  return {
    address: server.address() as AddressInfo,
    open: api => (answer = api),
    shut: () => (answer = wait),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @returns the problem that the API is not there yet. */
const starting = (why: string): StageError =>
  new StageError(
    'queue',
    'Starting',
    why,
    `try again in a few seconds; if this lasts, see the log: kubectl logs deploy/nkvm -n ${namespaceOfNkvm()}`,
    'transient'
  );

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}
