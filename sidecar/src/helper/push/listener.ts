import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Log } from '../../log.ts';
import { ownCertificate } from './certificate.ts';
import type { Grant } from './grants.ts';
import { grantsOf, PUSH_PATH, refusalOf } from './grants.ts';

/** A connection of a helper pod that was admitted. */
export interface Connection {
  request: IncomingMessage;
  response: ServerResponse;
}

/** All that a helper pod needs to open its connection. It is secret: it travels over exec, never in a command. */
export interface Invitation {
  host: string;
  port: number;
  path: string;
  /** Of the certificate; see `OwnCertificate`. */
  fingerprint: string;
  token: string;
  /** How long the pod may take to reach the port, and then for the answer. */
  connectMs: number;
  acceptMs: number;
}

export interface Invited {
  invitation: Invitation;
  /** The connection, once there is one. It is never two. */
  taken(): Connection | undefined;
  /** From then on the token is not valid any more; a connection that was admitted stays. */
  revoke(): void;
}

/** Where helper pods connect to. */
export interface PushListener {
  /** `host:port`, as helpers reach it. */
  readonly where: string;
  /** Lets one pod open one connection. */
  invite(grant: Grant): Invited;
  stop(): Promise<void>;
}

export interface PushOptions {
  /** Address to listen on. */
  listenOn: string;
  /** 0 takes a free one. */
  port: number;
  /** By which helper pods reach the port. */
  address: string;
  /** Where connections may come from: `pod`: the addresses of the pod alone. */
  source: 'pod' | 'any';
  log: Pick<Log, 'warn'>;
  /** Is told of each request that was refused. */
  onRefused?(status: number): void;
  connectMs?: number;
  acceptMs?: number;
  /** Until a connection must have sent its request. */
  headersMs?: number;
}

/** A firewall that drops packets costs this much of each run. Nothing waits for it: tar reads meanwhile. */
const CONNECT_MS = 500;
/** A port that answers at all may belong to a busy process. */
const ACCEPT_MS = 5_000;
const HEADERS_MS = 5_000;
const MOST_HEADER_BYTES = 4_096;
const MOST_CONNECTIONS = 512;
/** Records of TLS have 16 KiB; what reads them gets many at once. */
const READ_BYTES = 512 * 1024;
/** Quiet connections are asked whether they are alive, and given up some 10 s later; see uv_tcp_keepalive of libuv. */
const ALIVE_MS = 15_000;

/**
 * Listens for helper pods. A request without a token that is valid now gets an answer without a body, and is closed before
 * anything of its body is read.
 * @throws Error when the port is taken
 */
export async function listenForHelpers({
  listenOn,
  port: asked,
  address,
  source,
  log,
  onRefused = () => undefined,
  connectMs = CONNECT_MS,
  acceptMs = ACCEPT_MS,
  headersMs = HEADERS_MS,
}: PushOptions): Promise<PushListener> {
  const { cert, key, fingerprint } = ownCertificate();
  const grants = grantsOf<Connection>();

  const knock = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url, socket } = request;
    const [, token = ''] = /^Bearer ([\w-]{43})$/.exec(request.headers.authorization ?? '') ?? [];
    const found = grants.find(token);
    const from = socket.remoteAddress;
    const refusal = refusalOf({
      ...{ method, url, from },
      grant: found?.grant,
      isUsed: found?.isUsed ?? false,
    });
    if (refusal || !found) {
      const { status, why } = refusal ?? { status: 401, why: '' };
      onRefused(status);
      // Without a token, anybody in the cluster could fill the log.
      if (found) {
        const { pod } = found.grant;
        log.warn({ pod, from }, `a connection to the push port was refused: ${why}`);
      }
      response.writeHead(status, { connection: 'close', 'nkvm-why': why });
      response.end(() => socket.destroySoon());
      return;
    }
    if (method === 'POST') response.writeContinue();
    else {
      response.writeHead(200, { connection: 'close', trailer: 'nkvm-bytes, nkvm-sha256' });
      response.flushHeaders();
    }
    found.take({ request, response });
  };

  const server = createServer(
    {
      ...{ cert, key },
      minVersion: 'TLSv1.3',
      handshakeTimeout: headersMs,
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: headersMs,
      connectionsCheckingInterval: Math.min(headersMs, 1_000),
      requestTimeout: 0, // a big volume takes hours
      keepAlive: true,
      keepAliveInitialDelay: ALIVE_MS,
      noDelay: true,
      highWaterMark: READ_BYTES,
    },
    knock
  );
  server.on('checkContinue', knock);
  server.on('tlsClientError', () => onRefused(0));
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(asked, listenOn, resolve)
  );
  const { port } = server.address() as AddressInfo;
  return {
    where: `${address.includes(':') ? `[${address}]` : address}:${port}`,
    invite(grant) {
      let connection: Connection | undefined;
      const addresses = source === 'any' ? [] : grant.addresses;
      const { token, revoke } = grants.add({ ...grant, addresses }, taken => {
        connection = taken;
        // Its user may come later, and then reads the error from the stream.
        taken.request.on('error', () => undefined);
        taken.response.on('error', () => undefined);
      });
      return {
        invitation: {
          ...{ host: address, port, path: PUSH_PATH, fingerprint, token },
          ...{ connectMs, acceptMs },
        },
        taken: () => connection,
        revoke,
      };
    },
    stop() {
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}
