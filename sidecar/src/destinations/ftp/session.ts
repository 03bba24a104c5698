import { Client } from 'basic-ftp';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Stage } from '../../../api/index.ts';
import { within } from '../../within.ts';
import { connectAllowed, connectTls } from '../trust/connect.ts';
import { tlsOptions } from '../trust/tls.ts';
import type { Doing } from './ftpErrors.ts';
import { ftpError } from './ftpErrors.ts';
import type { FtpSettings } from './settings.ts';
import { locationOf } from './settings.ts';

/** How long an answer to a command may take, and a connection. */
export const ANSWER_MS = 30_000;

/** A control connection that is logged in and stands in the directory of the archives. */
export interface Session {
  client: Client;
  settings: FtpSettings;
  /** The lines of `FEAT`: the command in capitals, and its parameters. */
  features: ReadonlyMap<string, string>;
  /** False when the server has said that it does not know EPSV. */
  hasEpsv: boolean;
}

export interface SessionCall {
  stage: Stage;
  signal?: AbortSignal | undefined;
}

/** The steps of a login, which a check reports one by one. */
export interface Steps {
  onConnected?(client: Client): void;
  onSecured?(client: Client): void;
}

/** @returns a new session. @throws StageError; no connection is left */
export async function openSession(
  settings: FtpSettings,
  { stage, signal }: SessionCall,
  { onConnected, onSecured }: Steps = {}
): Promise<Session> {
  const { host, port, tls } = settings;
  const to = { stage, place: locationOf(settings), host, port, limitMs: ANSWER_MS, signal };
  const secure = { ...tlsOptions(settings), host, ...(isIP(host) === 0 && { servername: host }) };
  const socket = tls === 'implicit' ? await connectTls(to, settings) : await connectAllowed(to);
  const client = new Client(ANSWER_MS);
  const limit = AbortSignal.timeout(2 * ANSWER_MS);
  const stop = signal ? AbortSignal.any([signal, limit]) : limit;
  let doing: Doing = 'connect';
  try {
    // Both connections are made by `trust`, which refuses some addresses; the library's own `connect` cannot be told to.
    client.ftp.socket = socket;
    if (tls === 'implicit') client.ftp.tlsOptions = secure;
    return await within(
      stop,
      (async () => {
        await greeting(client);
        onConnected?.(client);
        if (tls === 'explicit') {
          doing = 'tls';
          await client.useTLS(secure);
        }
        if (tls !== 'none') {
          doing = 'tls';
          onSecured?.(client);
        }
        doing = 'login';
        await client.sendIgnoringError('OPTS UTF8 ON');
        await client.login(settings.username, settings.password);
        doing = 'connect';
        const features = await featuresOf(client);
        await client.send('TYPE I');
        if (tls !== 'none') {
          doing = 'tls';
          await client.send('PBSZ 0');
          await client.send('PROT P'); // the library's own way goes on when the server refuses
        }
        doing = 'enter';
        if (settings.directory !== '.') await client.send(`CWD ${settings.directory}`);
        return { client, settings, features, hasEpsv: true };
      })()
    );
  } catch (error) {
    client.close();
    signal?.throwIfAborted();
    if (limit.aborted) throw ftpError(new Error('Timeout (login)'), { stage, settings, doing });
    throw ftpError(error, { stage, settings, doing });
  }
}

/** A server that is not ready yet says 120 first. */
const greeting = (client: Client): Promise<void> =>
  client.ftp.handle(undefined, (reply, task) => {
    if (reply instanceof Error) task.reject(reply);
    else if (reply.code >= 200) task.resolve(undefined);
  });

async function featuresOf(client: Client): Promise<ReadonlyMap<string, string>> {
  const { code, message } = await client.sendIgnoringError('FEAT');
  const lines = code === 211 ? message.split(/\r?\n/).slice(1, -1) : [];
  return new Map(
    lines.map(line => {
      const [, name = '', rest = ''] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
      return [name.toUpperCase(), rest.trim()];
    })
  );
}

/** @returns what people want to know of a certificate that was accepted. */
export function tlsSeen({ ftp }: Client): string {
  const socket = ftp.socket as TLSSocket;
  const { subject, valid_to: until } = socket.getPeerCertificate();
  const names = [subject?.CN].flat().filter(Boolean).join(', ');
  return `${socket.getProtocol() ?? 'TLS'}, certificate of ${
    names || 'an unnamed server'
  } until ${until}`;
}
