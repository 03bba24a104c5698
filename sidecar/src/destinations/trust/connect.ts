import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { Stage } from '../../../api/index.ts';
import { addressRefused, isRefusedAddress } from './addresses.ts';
import { lookupAllowed } from './lookup.ts';
import { networkError } from './networkError.ts';
import type { TlsSettings } from './tls.ts';
import { tlsOptions } from './tls.ts';

export interface ConnectTo {
  stage: Stage;
  /** For people: what is connected to. */
  place: string;
  host: string;
  port: number;
  /** How long a connection may take. */
  limitMs: number;
  signal?: AbortSignal | undefined;
}

/** @returns a TCP connection, for clients that take a socket. @throws StageError */
export async function connectAllowed(to: ConnectTo): Promise<net.Socket> {
  return await opened(to, host => net.connect({ host, port: to.port, lookup: lookupAllowed }));
}

/**
 * @returns a TLS connection whose handshake is complete, for checks and for clients that take a socket
 * @throws StageError
 */
export async function connectTls(to: ConnectTo, settings: TlsSettings): Promise<tls.TLSSocket> {
  return await opened(to, host =>
    tls.connect({
      host,
      port: to.port,
      lookup: lookupAllowed,
      ...(net.isIP(host) === 0 && { servername: host }),
      ...tlsOptions(settings),
    })
  );
}

async function opened<S extends net.Socket>(
  { stage, place, host, port, limitMs, signal }: ConnectTo,
  open: (host: string) => S
): Promise<S> {
  signal?.throwIfAborted();
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  let socket: S | undefined;
  let limit: NodeJS.Timeout | undefined;
  let stop = (): void => undefined;
  try {
    if (isRefusedAddress(plain)) throw addressRefused(plain, plain);
    const opening = open(plain);
    socket = opening;
    await new Promise<void>((resolve, reject) => {
      const late = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
      limit = setTimeout(reject, limitMs, late);
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      opening.once('error', reject);
      opening.once('close', () => reject(Object.assign(new Error(), { code: 'ECONNRESET' })));
      opening.once(opening instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => resolve());
    });
    return opening;
  } catch (error) {
    socket?.on('error', () => undefined); // it may come after the failure that counts
    socket?.destroy();
    signal?.throwIfAborted();
    throw networkError(error, { stage, place, host: plain, port });
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * @param options how many connections, and for how long they are kept
 * @returns agents every connection of which follows the rules, also after a redirect. `destroy` them at the end.
 */
export function agentsAllowed(
  settings: TlsSettings,
  options: http.AgentOptions = {}
): { httpAgent: http.Agent; httpsAgent: https.Agent } {
  return {
    httpAgent: checked(new http.Agent({ ...options, lookup: lookupAllowed })),
    httpsAgent: checked(
      new https.Agent({ ...options, ...tlsOptions(settings), lookup: lookupAllowed })
    ),
  };
}

/** Makes an agent refuse a host that is a refused address, for which Node asks no `lookup`. */
function checked<A extends http.Agent>(agent: A): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const host = options.host ?? '';
    if (!isRefusedAddress(host)) return connect(options, callback);
    process.nextTick(() => callback?.(addressRefused(host, host), undefined as never));
    return undefined;
  };
  return agent;
}
