import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { parse, stringify } from 'yaml';

/** A way to an API server that can be cut: nothing listens then, as while it restarts. */
export interface Way {
  /** A kubeconfig that leads over this way. */
  readonly kubeconfig: string;
  readonly port: number;
  /** Breaks every connection, and accepts no more. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** PEM. */
export interface WayCertificate {
  cert: string;
  key: string;
  /** Name in the certificate. */
  name: string;
}

/**
 * @param kubeconfig of one cluster that is served over plain HTTP on 127.0.0.1
 * @param certificate with which this way speaks TLS; absent: it does not
 * @param port to listen on; absent: a free one
 */
export async function wayTo(
  kubeconfig: string,
  certificate?: WayCertificate,
  wanted = 0
): Promise<Way> {
  const text = readFileSync(kubeconfig, 'utf8');
  const [url = '', target = ''] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text) ?? [];
  const sockets = new Set<net.Socket>();
  const carry = (socket: net.Socket): void => {
    const onward = net.connect(Number(target), '127.0.0.1');
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => undefined).on('close', () => sockets.delete(each));
    }
    socket.on('close', () => onward.destroy()).pipe(onward);
    onward.on('close', () => socket.destroy()).pipe(socket);
  };
  const server = certificate
    ? tls.createServer(certificate, carry).on('tlsClientError', () => undefined)
    : net.createServer(carry);
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as net.AddressInfo).port;
  };
  const port = await listen(wanted);
  const path = `${kubeconfig}.way`;
  writeFileSync(
    path,
    certificate
      ? withTls(text, `https://127.0.0.1:${port}`, certificate)
      : text.replace(url, `http://127.0.0.1:${port}`)
  );
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    sockets.forEach(socket => socket.destroy());
    await closed;
  };
  return {
    kubeconfig: path,
    ...{ port, cut },
    restore: async () => void (await listen(port)),
    close: cut,
  };
}

/** @returns the kubeconfig for a server that has this certificate, and no way around checking it. */
function withTls(kubeconfig: string, server: string, { cert, name }: WayCertificate): string {
  const { clusters, ...rest } = parse(kubeconfig) as { clusters: { name: string }[] };
  const cluster = {
    server,
    'certificate-authority-data': Buffer.from(cert).toString('base64'),
    'tls-server-name': name,
  };
  return stringify({ ...rest, clusters: clusters.map(each => ({ name: each.name, cluster })) });
}
