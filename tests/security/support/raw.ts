import { once } from 'node:events';
import net from 'node:net';

/** Sends bytes as they are. @param port on 127.0.0.1. @returns everything that the other side sends until it ends, or is silent. */
export async function rawAsk(port: number, bytes: string, silentMs = 1_500): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.setTimeout(silentMs, () => socket.destroy());
  let text = '';
  socket.on('data', chunk => (text += chunk));
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return text;
}

/** @returns the status of each answer on a connection. */
export const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
