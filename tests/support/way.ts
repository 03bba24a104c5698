import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';

/** A way to an API server that can be cut: nothing listens then, as while it restarts. */
export interface Way {
  /** A kubeconfig that leads over this way. */
  readonly kubeconfig: string;
  /** Breaks every connection, and accepts no more. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** @param kubeconfig of one cluster that is served over plain HTTP on 127.0.0.1. */
export async function wayTo(kubeconfig: string): Promise<Way> {
  const text = readFileSync(kubeconfig, 'utf8');
  const [url = '', target = ''] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text) ?? [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer(socket => {
    const onward = net.connect(Number(target), '127.0.0.1');
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => undefined).on('close', () => sockets.delete(each));
    }
    socket.on('close', () => onward.destroy()).pipe(onward);
    onward.on('close', () => socket.destroy()).pipe(socket);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as net.AddressInfo).port;
  };
  const port = await listen(0);
  const path = `${kubeconfig}.way`;
  writeFileSync(path, text.replace(url, `http://127.0.0.1:${port}`));
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    sockets.forEach(socket => socket.destroy());
    await closed;
  };
  return {
    kubeconfig: path,
    cut,
    restore: async () => void (await listen(port)),
    close: cut,
  };
}
