import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { Transform } from 'node:stream';
import { onTestFinished } from 'vitest';
import { kubeconfigPath } from '../../cluster/support/kubectl.ts';

/** A proxy between two ends that a test controls. It ends with the test. */
export interface Relay {
  /** Where it listens. */
  readonly port: number;
  /**
   * Waits until one of the connections that are made from now on has brought so many bytes, or all of them where an archive has
   * several, and holds them there. Take at least 1 MiB: only an archive is as long as that.
   */
  holdAt(bytes: number): Promise<void>;
  /** Passes on the bytes that are held. */
  release(): void;
  /**
   * Breaks the connections of the archive that is held. Others stay: without them, the API server would be unavailable for a
   * moment, and an outage uses up no attempt.
   */
  cut(): void;
  /** The connections of the archive that is held pass nothing on any more, not even their end. */
  silence(): void;
}

/** A proxy between a sidecar and the API server. */
export interface Wire extends Relay {
  /** A kubeconfig that leads through here. */
  readonly kubeconfig: string;
}

interface Connection {
  near: Socket;
  far: Socket;
  isHeld: boolean;
}

export interface RelayOptions {
  /** Address to listen on. */
  host: string;
  /** Where it leads; by default, to the same port of 127.0.0.1. */
  to?: { host: string; port: number };
  /** Which bytes are held and changed: those that come as answers, or those that are sent as requests. */
  meters: 'answers' | 'requests';
  /** Whether a connection from this address may carry an archive: others pass in any case. Default: each may. */
  isOfArchive?(address: string): boolean;
  /** Bytes of all connections are counted, and held, together. */
  together?: boolean;
  change?: (() => Duplex) | undefined;
}

/** @param change what is done to the bytes of each connection */
export async function relay({
  host,
  to,
  meters,
  isOfArchive = () => true,
  together = false,
  change,
}: RelayOptions): Promise<Relay> {
  const connections = new Set<Connection>();
  const others = new Set<Socket>();
  let hold: { bytes: number; reached: () => void } | undefined;
  let isHeld = false;
  let sum = 0;
  const held: (() => void)[] = [];
  const port = (): number => (server.address() as AddressInfo).port;

  const meterOf = (connection: Connection): Transform => {
    const holdsFrom = hold;
    let own = 0;
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        own += chunk.length;
        sum += chunk.length;
        const pass = () => done(null, chunk);
        if (isHeld && together) return void held.push(pass);
        const isOne = hold !== undefined && (together || hold === holdsFrom);
        if (!hold || !isOne || (together ? sum : own) < hold.bytes) return pass();
        isHeld = true;
        connection.isHeld = true;
        held.push(pass);
        hold.reached();
        hold = undefined;
      },
    });
  };

  const server = createServer({ allowHalfOpen: true }, near => {
    const there = to ?? { host: '127.0.0.1', port: port() };
    const far = connect({ ...there, allowHalfOpen: true });
    const connection = { near, far, isHeld: false };
    if (isOfArchive(near.remoteAddress ?? '')) {
      connections.add(connection);
      const [from, into] = meters === 'answers' ? [far, near] : [near, far];
      into.pipe(from);
      (change ? from.pipe(change()) : from).pipe(meterOf(connection)).pipe(into);
    } else {
      others.add(far);
      near.pipe(far).pipe(near);
    }
    const end = () => {
      connections.delete(connection);
      others.delete(far);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>(done => server.listen(0, host, done));
  /** Held connections stay held, and new ones pass. */
  const letGo = () => {
    isHeld = false;
    held.length = 0;
  };
  const ofArchive = () => [...connections].filter(each => together || each.isHeld);
  onTestFinished(() => {
    letGo();
    connections.forEach(({ far }) => far.destroy());
    others.forEach(each => each.destroy());
    server.close();
  });
  return {
    port: port(),
    holdAt(bytes) {
      sum = 0;
      return new Promise(reached => (hold = { bytes, reached }));
    },
    release() {
      isHeld = false;
      for (const connection of connections) connection.isHeld = false;
      for (const pass of held.splice(0)) pass();
    },
    cut() {
      letGo();
      ofArchive().forEach(({ far }) => far.destroy());
    },
    silence() {
      letGo();
      for (const { near, far } of ofArchive()) {
        for (const socket of [near, far]) socket.unpipe().pause();
      }
    },
  };
}

/**
 * @param api address of the API server without TLS; absent: that of the kubeconfig, with TLS from end to end.
 * @param change what is done to the bytes of each connection that come from the API server.
 */
export async function wire(api?: URL, change?: () => Duplex): Promise<Wire> {
  const config = JSON.parse(readFileSync(kubeconfigPath(), 'utf8'));
  const { cluster } = config.clusters[0];
  const to = api ?? new URL(cluster.server);
  const way = await relay({
    host: '127.0.0.1',
    to: { host: to.hostname, port: Number(to.port) },
    meters: 'answers',
    change,
  });
  const directory = mkdtempSync(join(tmpdir(), 'nkvm-wire-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  cluster.server = `${to.protocol}//127.0.0.1:${way.port}`;
  if (api) {
    config.clusters[0].cluster = { server: cluster.server, 'insecure-skip-tls-verify': true };
    config.users[0].user = {};
  }
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return { ...way, kubeconfig };
}
