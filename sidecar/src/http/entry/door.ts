import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { namespaceOfNkvm } from '../../../api/index.ts';
import type { CertificateFiles } from '../../certificate.ts';
import { keepCertificate, readCertificate } from '../../certificate.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
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

/** Where the door is. */
export interface Address {
  host: string;
  port: number;
  /** With it, the door takes HTTPS and nothing else. */
  tls?: CertificateFiles | undefined;
  /** How often its files are looked at. */
  reloadMs?: number;
}

/**
 * @param waitsFor says what the process is waiting for, in a sentence.
 * @throws Error when the port is taken, or the certificate cannot be read.
 */
export async function openDoor(
  { host, port, tls, reloadMs }: Address,
  waitsFor: () => string,
  log: Pick<Log, 'warn'>
): Promise<Door> {
  let isShut = false;
  const wait: RequestListener = ({ url = '/' }, response) => {
    if (isShut) response.setHeader('connection', 'close');
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
  const certificate = tls && (await readCertificate(tls).catch(noCertificate));
  const server = createListener((request, response) => answer(request, response), { certificate });
  server.listen({ host, port });
  await once(server, 'listening');
  const kept =
    tls && certificate && 'setSecureContext' in server
      ? keepCertificate(server, tls, certificate, {
          whose: 'the HTTP server',
          log,
          ...(reloadMs && { everyMs: reloadMs }),
        })
      : undefined;
  return {
    address: server.address() as AddressInfo,
    open: api => (answer = api),
    shut() {
      isShut = true;
      answer = wait;
    },
    async close() {
      kept?.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function noCertificate(error: unknown): never {
  throw new Error(
    `the certificate of NKVM_TLS_CERT and NKVM_TLS_KEY cannot be read: ${textOf(error)}`
  );
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
