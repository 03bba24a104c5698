import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { USER_SERVICE_ACCOUNT } from '../../../sidecar/api/names.ts';
import { kubectl } from './kubectl.ts';
import type { ServiceProxy } from './service-proxy.ts';
import { apiThroughServiceProxy } from './service-proxy.ts';

/** Somebody who logs in to Headlamp with a token of the API server. */
export interface Person {
  token: string;
  /** Removes the rights again. */
  leave(): void;
}

const GROUP = 'rbac.authorization.k8s.io';
const account = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { namespace, name },
});
const binding = (namespace: string | undefined, name: string, role: string, of: object) => ({
  apiVersion: `${GROUP}/v1`,
  kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  metadata: { ...(namespace && { namespace }), name },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
  subjects: [of],
});

/** Makes objects that were not there before. */
function person(namespace: string, name: string, objects: readonly object[]): Person {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  kubectl(['create', '--filename=-'], list);
  return {
    token: kubectl(['create', 'token', name, `--namespace=${namespace}`]).trim(),
    leave: () => void kubectl(['delete', '--ignore-not-found', '--filename=-'], list),
  };
}

/** Somebody who may edit in one namespace only, and whose volumes have the role of NKVM there. */
export function employ(namespace: string, role: string): Person {
  const [name, user] = ['colleague', USER_SERVICE_ACCOUNT];
  const isThere = kubectl(['get', 'serviceaccount', user, `-n${namespace}`, '--ignore-not-found']);
  const subject = (of: string) => ({ kind: 'ServiceAccount', name: of, namespace });
  return person(namespace, name, [
    account(namespace, name),
    ...(isThere ? [] : [account(namespace, user)]),
    binding(namespace, `${name}-edits`, 'edit', subject(name)),
    binding(namespace, `${name}-${role}`, role, subject(user)),
  ]);
}

/** An administrator of the cluster. */
export function employAdministrator(): Person {
  const [namespace, name] = ['shop', 'chief'];
  return person(namespace, name, [
    account(namespace, name),
    binding(undefined, 'chief', 'cluster-admin', { kind: 'ServiceAccount', name, namespace }),
  ]);
}

/** The API server for clients that authenticate. A request without a token is anonymous. */
export async function apiForEverybody(): Promise<ServiceProxy> {
  const view = ['config', 'view', '--raw', '--flatten', '--minify', '--output=json'];
  const config = JSON.parse(kubectl(view));
  // kubectl asks for a password where there is no user. A token that the client sends takes the place of this one.
  config.users = config.users.map(({ name }: { name: string }) => ({
    name,
    user: { token: 'of-nobody' },
  }));
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-people-'));
  writeFileSync(join(dir, 'kubeconfig'), JSON.stringify(config));
  const proxy = await apiThroughServiceProxy(join(dir, 'kubeconfig'));
  return {
    ...proxy,
    async stop() {
      await proxy.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

/** A proxy to a server that records everything that the server sends: answers, streams and WebSockets. */
export interface RecordingWay {
  url: string;
  received(): string;
  close(): Promise<void>;
}

/** @param origin of a server that speaks plain HTTP, e.g. `http://127.0.0.1:41234` */
export async function recordingWay(origin: string): Promise<RecordingWay> {
  const { hostname, port } = new URL(origin);
  const received: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer(socket => {
    const onward = net.connect(Number(port), hostname);
    for (const each of [socket, onward]) {
      sockets.add(each);
      each.on('error', () => undefined).on('close', () => sockets.delete(each));
    }
    socket.on('close', () => onward.destroy()).pipe(onward);
    onward.on('data', chunk => received.push(chunk));
    onward.on('close', () => socket.destroy()).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    received: () => Buffer.concat(received).toString('utf8'),
    async close() {
      const closed = once(server, 'close');
      server.close();
      sockets.forEach(socket => socket.destroy());
      await closed;
    },
  };
}
