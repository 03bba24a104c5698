import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, resolve } from 'node:path';
import { answerCache } from './cache.ts';
import { configOf, type HostedCluster } from './config.ts';
import { iconSet, monacoDirectory, sendFile, sendHtml, sendJson } from './files.ts';
import { type Forwarder, forwardTo } from './forward.ts';
import { sendMe, setToken, tokenOf } from './session.ts';

export interface HostOptions {
  /** Result of `buildHost()`. */
  staticDir: string;
  /** Folder of the plugin: its `package.json`, and `dist/` as `headlamp-plugin build` leaves it. */
  pluginDir: string;
  clusters: readonly HostedCluster[];
  /** 0 takes any free port. */
  port: number;
  /** As `-base-url`: a path under which all is served, e.g. `/headlamp`. */
  baseUrl?: string;
  /** As `-cache-enabled`. */
  isCacheEnabled?: boolean;
}

export interface Host {
  /** With the base URL. */
  url: string;
  /** Breaks all connections, also those that carry a stream. New ones are accepted. */
  cut(): void;
  /** Ends open streams, too. */
  close(): Promise<void>;
}

/** A request of `/clusters/NAME/PATH`. */
interface ClusterRequest {
  cluster: HostedCluster & { kube: Forwarder };
  path: string;
}

/**
 * Does for the pages what headlamp-server does, on 127.0.0.1 only: serves the front end and one plugin, and forwards
 * `/clusters/NAME/…` to API servers, streams and WebSockets included.
 * @param now in ms since 1970: answers in the cache grow old.
 */
export async function startHost(options: HostOptions, now: () => number = Date.now): Promise<Host> {
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '');
  const clusters = options.clusters.map(each => ({ ...each, kube: forwardTo(each.kubeUrl) }));
  const pages = await pagesOf(options, baseUrl);
  const cache = options.isCacheEnabled ? answerCache(now) : undefined;
  const sockets = new Set<{ destroy(): void }>();

  /** @returns undefined for what is not of a cluster. */
  const ofCluster = ({ url = '' }: http.IncomingMessage): ClusterRequest | undefined => {
    const [, name, path = ''] = /^\/clusters\/([^/]+)(\/.*)$/.exec(url) ?? [];
    const cluster = clusters.find(each => each.name === decodeURIComponent(name ?? ''));
    return cluster && { cluster, path };
  };
  /** Adds the token with which the person has logged in. @returns false where one is needed and there is none. */
  const isLoggedIn = (req: http.IncomingMessage, { name, asksForToken }: HostedCluster) => {
    const token = tokenOf(req, name);
    if (token) req.headers.authorization ??= `Bearer ${token}`;
    return !asksForToken || req.headers.authorization !== undefined;
  };

  async function answer(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    if (!isOurs(req)) {
      return sendJson(res, 403, { message: 'this server answers its own page only' });
    }
    if (!withoutBase(req, baseUrl))
      return sendJson(res, 404, { message: 'not below the base URL' });
    const asked = ofCluster(req);
    if (!asked) return await pages(req, res);
    const { cluster, path } = asked;
    if (path === '/set-token') return await setToken(req, res, cluster.name, baseUrl);
    if (path === '/me') return sendMe(res, tokenOf(req, cluster.name));
    if (!isLoggedIn(req, cluster)) return sendJson(res, 401, UNAUTHORIZED);
    if (cache) return await cache.answer(req, res, path, cluster);
    cluster.kube.request(req, res, path);
  }

  const server = http.createServer((req, res) => {
    answer(req, res).catch(error => {
      if (res.headersSent) res.destroy();
      else sendJson(res, 400, { message: String(error) });
    });
  });
  server.on('upgrade', (req, socket, head) => {
    const asked = isOurs(req) && withoutBase(req, baseUrl) ? ofCluster(req) : undefined;
    if (!asked || !isLoggedIn(req, asked.cluster)) return void socket.destroy();
    asked.cluster.kube.upgrade(req, socket, head, asked.path);
  });
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  const cut = () => sockets.forEach(socket => socket.destroy());
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${baseUrl}`,
    cut,
    async close() {
      server.close();
      cut();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** The answer of an API server to a request without a token. */
const UNAUTHORIZED = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: 'Unauthorized',
  reason: 'Unauthorized',
  code: 401,
};

/** Keeps other web pages from using the API server through this one, by DNS rebinding or by a plain cross-site request. */
function isOurs({ headers }: http.IncomingMessage): boolean {
  const name = headers.host?.replace(/:\d+$/, '');
  const isLoopback = name === '127.0.0.1' || name === 'localhost';
  return isLoopback && (!headers.origin || headers.origin === `http://${headers.host}`);
}

/** Removes the base URL. @returns false when the request is not below it. */
function withoutBase(req: http.IncomingMessage, baseUrl: string): boolean {
  const url = req.url ?? '/';
  if (!`${url}/`.startsWith(`${baseUrl}/`)) return false;
  req.url = url.slice(baseUrl.length) || '/';
  return true;
}

/** What headlamp-server answers without a cluster. */
async function pagesOf({ staticDir, pluginDir, clusters }: HostOptions, baseUrl: string) {
  const { name } = JSON.parse(await readFile(join(pluginDir, 'package.json'), 'utf8')) as {
    name: string;
  };
  const files = resolve(staticDir);
  const plugin = resolve(pluginDir);
  const config = configOf(clusters);

  return async (req: http.IncomingMessage, res: http.ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://host');
    const ofPlugin = pathname.startsWith(`/plugins/${name}/`)
      ? pathname.slice(`/plugins/${name}/`.length)
      : undefined;

    if (req.method !== 'GET') return sendJson(res, 404, { message: 'not in this stand-in' });
    if (pathname.startsWith('/clusters/'))
      return sendJson(res, 404, { message: 'no such cluster' });
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
    // A page of an object whose name has a dot is a page.
    if (extname(pathname) && !pathname.startsWith('/c/')) {
      // Their names hold a digest of their contents.
      return sendFile(res, files, decodeURIComponent(pathname), pathname.startsWith('/assets/'));
    }
    sendHtml(res, pageAt(baseUrl, await readFile(join(files, 'index.html'), 'utf8')));
  };
}

/** The built page loads its files from beside itself; it is shown under every path. */
const pageAt = (baseUrl: string, html: string): string =>
  html
    .replace("headlampBaseUrl = '/'", `headlampBaseUrl = '${baseUrl || '/'}'`)
    .replaceAll('"./', `"${baseUrl}/`);
