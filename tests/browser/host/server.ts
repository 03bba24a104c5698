import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { iconSet, monacoDirectory, sendFile, sendJson } from './files.ts';
import { forwardTo } from './forward.ts';

export interface HostOptions {
  /** Result of `buildHost()`. */
  staticDir: string;
  /** Folder of the plugin: its `package.json`, and `dist/` as `headlamp-plugin build` leaves it. */
  pluginDir: string;
  /** An API server that speaks plain HTTP, e.g. what `kubectl proxy` prints. */
  kubeUrl: string;
  /** 0 takes any free port. */
  port: number;
  /** Names of the clusters that Headlamp shows; all of them lead to `kubeUrl`. `['main']` when left out. */
  clusters?: string[];
}

export interface Host {
  url: string;
  /** Ends open streams, too. */
  close(): Promise<void>;
}

/**
 * Stands in for headlamp-server, on 127.0.0.1 only: serves the front end and one plugin, and forwards
 * `/clusters/NAME/…` to an API server, streams and WebSockets included.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const kube = forwardTo(options.kubeUrl);
  const pages = await pagesOf(options);
  const sockets = new Set<{ destroy(): void }>();

  const server = http.createServer((req, res) => {
    if (!isOurs(req))
      return sendJson(res, 403, { message: 'this server answers its own page only' });
    const path = pathInCluster(req);
    if (path) return kube.request(req, res, path);
    pages(req, res).catch(error => sendJson(res, 400, { message: String(error) }));
  });
  server.on('upgrade', (req, socket, head) => {
    const path = pathInCluster(req);
    if (!isOurs(req) || !path) return void socket.destroy();
    kube.upgrade(req, socket, head, path);
  });
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** Keeps other web pages from using the API server through us, by DNS rebinding or by a plain cross-site request. */
function isOurs({ headers }: http.IncomingMessage): boolean {
  const name = headers.host?.replace(/:\d+$/, '');
  const isLoopback = name === '127.0.0.1' || name === 'localhost';
  return isLoopback && (!headers.origin || headers.origin === `http://${headers.host}`);
}

/** @returns the API server's part of `/clusters/NAME/PATH`; undefined where headlamp-server would answer itself. */
function pathInCluster({ url }: http.IncomingMessage): string | undefined {
  const path = /^\/clusters\/[^/]+(\/.*)$/.exec(url ?? '')?.[1];
  return path === '/me' || path === '/set-token' ? undefined : path;
}

/** What headlamp-server answers without a cluster. */
async function pagesOf({ staticDir, pluginDir, kubeUrl, clusters = ['main'] }: HostOptions) {
  const { name } = JSON.parse(await readFile(join(pluginDir, 'package.json'), 'utf8')) as {
    name: string;
  };
  const files = resolve(staticDir);
  const plugin = resolve(pluginDir);
  const config = {
    clusters: clusters.map(cluster => ({
      name: cluster,
      server: kubeUrl,
      auth_type: '',
      meta_data: { namespace: 'default', source: 'in_cluster' },
    })),
    isDynamicClusterEnabled: false,
  };

  return async (req: http.IncomingMessage, res: http.ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://host');
    const ofPlugin = pathname.startsWith(`/plugins/${name}/`)
      ? pathname.slice(`/plugins/${name}/`.length)
      : undefined;

    if (pathname.startsWith('/clusters/')) return sendJson(res, 200, { username: 'test' });
    if (req.method !== 'GET') return sendJson(res, 404, { message: 'not in this stand-in' });
    if (pathname === '/config') return sendJson(res, 200, config);
    if (pathname === '/plugins') {
      return sendJson(res, 200, [{ name, path: `plugins/${name}`, type: 'user' }]);
    }
    if (ofPlugin === 'package.json') return sendFile(res, plugin, ofPlugin);
    if (ofPlugin) return sendFile(res, join(plugin, 'dist'), ofPlugin);
    if (pathname === '/iconify/mdi.json') {
      return sendJson(res, 200, iconSet((searchParams.get('icons') ?? '').split(',')));
    }
    if (pathname.startsWith('/assets/vs/')) {
      return sendFile(res, monacoDirectory(), pathname.slice('/assets/'.length));
    }
    return sendFile(res, files, extname(pathname) ? decodeURIComponent(pathname) : 'index.html');
  };
}
