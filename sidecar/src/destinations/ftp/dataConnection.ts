import { FTPError } from 'basic-ftp';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import * as tls from 'node:tls';
import { connectAllowed } from '../trust/connect.ts';
import type { Session, SessionCall } from './session.ts';
import { ANSWER_MS } from './session.ts';
import { locationOf } from './settings.ts';

/** A data connection. The reader or the writer gets its errors. */
export interface DataConnection {
  socket: Socket;
  /** Resolves when bytes can be sent. @throws the error of the connection */
  isReady: Promise<unknown>;
}

/**
 * Opens a data connection, always to the address of the control connection: behind NAT a server names an address that is
 * not its own, and a hostile one could name any.
 *
 * With TLS the handshake goes on while the command is sent, because servers begin it only then: see `isReady`. It resumes
 * the TLS session of the control connection, by which the server knows that both come from one client.
 */
export async function openData(
  session: Session,
  { stage, signal }: SessionCall
): Promise<DataConnection> {
  const { client, settings } = session;
  const { ftp } = client;
  const host = ftp.socket.remoteAddress ?? settings.host;
  const port = await passivePort(session);
  const to = { stage, place: locationOf(settings), host, port, limitMs: ANSWER_MS, signal };
  const raw = await connectAllowed(to);
  raw.on('error', () => undefined);
  if (settings.tls === 'none') return { socket: raw, isReady: Promise.resolve() };
  const resumed = ftp.tlsSessionStore ?? (ftp.socket as tls.TLSSocket).getSession();
  const socket = tls.connect({
    ...ftp.tlsOptions,
    socket: raw,
    ...(resumed && { session: resumed }),
  });
  // A ticket of TLS 1.3 is meant for one use: the next data connection takes the one that comes with this.
  socket.on('session', next => (ftp.tlsSessionStore = next));
  // `getCipher`, by which basic-ftp goes, has an answer before the handshake is complete: with an empty archive, the
  // connection then ends too early.
  const isReady = once(socket, 'secureConnect');
  isReady.catch(() => undefined);
  socket.on('error', () => undefined);
  return { socket, isReady };
}

async function passivePort(session: Session): Promise<number> {
  const { client } = session;
  if (session.hasEpsv) {
    try {
      return numberIn(await client.send('EPSV'), /[|!]{3}(\d{1,5})[|!]/);
    } catch (error) {
      if (!(error instanceof FTPError)) throw error;
      session.hasEpsv = false;
    }
  }
  const answer = await client.send('PASV');
  const [, high, low] = /\d+,\d+,\d+,\d+,(\d{1,3}),(\d{1,3})/.exec(answer.message) ?? [];
  if (high && low) return Number(high) * 256 + Number(low);
  throw new FTPError(answer);
}

function numberIn(answer: { code: number; message: string }, pattern: RegExp): number {
  const found = pattern.exec(answer.message)?.[1];
  if (!found) throw new FTPError(answer);
  return Number(found);
}
