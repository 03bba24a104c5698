import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Transform } from 'node:stream';
import { onTestFinished } from 'vitest';
import { kubeconfigPath } from '../../cluster/support/kubectl.ts';

/** The way between a sidecar and the API server, in the hands of a test. It ends with the test. */
export interface Wire {
  /** A kubeconfig that leads through here. */
  readonly kubeconfig: string;
  /**
   * Waits until one of the connections that are made from now on has brought so many bytes from the API server, and
   * holds it there. Take more than 1 MiB: only an archive is as long as that.
   */
  holdAt(bytes: number): Promise<void>;
  /** Lets go on what is held. */
  release(): void;
  /** Breaks every connection. */
  cut(): void;
  /** Of every connection, nothing comes through any more, not even its end. New ones work. */
  silence(): void;
}

/**
 * @param api where the API server is without TLS; absent: where the kubeconfig has it, with TLS from end to end.
 * @param change what is done to the bytes of each connection that come from the API server.
 */
export async function wire(api?: URL, change?: () => Duplex): Promise<Wire> {
  const config = JSON.parse(readFileSync(kubeconfigPath(), 'utf8'));
  const { cluster } = config.clusters[0];
  const to = api ?? new URL(cluster.server);
  const connections = new Set<{ near: Socket; far: Socket }>();
  let hold: { bytes: number; reached: () => void } | undefined;
  let release = (): void => undefined;

  const server = createServer({ allowHalfOpen: true }, near => {
    const far = connect({ host: to.hostname, port: Number(to.port), allowHalfOpen: true });
    const connection = { near, far };
    connections.add(connection);
    const holdsFrom = hold;
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        if (!hold || hold !== holdsFrom || bytes < hold.bytes) return done(null, chunk);
        release = () => done(null, chunk);
        hold.reached();
        hold = undefined;
      },
    });
    near.pipe(far);
    (change ? far.pipe(change()) : far).pipe(meter).pipe(near);
    const end = () => {
      connections.delete(connection);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const cut = () => connections.forEach(({ far }) => far.destroy());
  const directory = mkdtempSync(join(tmpdir(), 'nkvm-wire-'));
  onTestFinished(() => {
    cut();
    server.close();
    rmSync(directory, { recursive: true });
  });

  const { port } = server.address() as AddressInfo;
  cluster.server = `${to.protocol}//127.0.0.1:${port}`;
  if (api) {
    config.clusters[0].cluster = { server: cluster.server, 'insecure-skip-tls-verify': true };
    config.users[0].user = {};
  }
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return {
    kubeconfig,
    holdAt: bytes => new Promise(reached => (hold = { bytes, reached })),
    release: () => release(),
    cut,
    silence() {
      for (const { near, far } of connections) {
        for (const socket of [near, far]) socket.unpipe().pause();
      }
    },
  };
}
