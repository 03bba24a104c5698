/**
 * What `headlamp-server -cache-enabled` does with answers of the API server (0.45). It watches some kinds of objects and
 * forgets their answers when they change; that is left out here, for no answer of NKVM is among them.
 */
import { once } from 'node:events';
import type http from 'node:http';
import type { Forwarder } from './forward.ts';

const LIFE_MS = 10 * 60_000;
/** With its cache on, headlamp-server cannot flush: Go's server sends data only when it has collected about this much. */
const GATHERED_BYTES = 4096;

interface Kept {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  untilMs: number;
}

export interface CachedCluster {
  name: string;
  kubeUrl: string;
  kube: Forwarder;
}

export interface AnswerCache {
  /** Answers from the cache, or asks the API server and keeps its answer. `path` is the API server's. */
  answer(
    req: http.IncomingMessage,
    res: http.ServerResponse,
    path: string,
    cluster: CachedCluster
  ): Promise<void>;
}

/** Neither the query nor any header is a part of the key. @returns undefined for a path that is not cached. */
export function keyOf(path: string, cluster: string): string | undefined {
  const parts = pathOf(path).split('/');
  const group = { api: '', apis: parts[2] ?? '' }[parts[1] ?? ''];
  if (group === undefined) return undefined;
  const namespace = parts[parts.indexOf('namespaces') + 1];
  const isNamespaced = parts.slice(0, -1).includes('namespaces');
  return [group, parts.at(-1), isNamespaced ? namespace : '', cluster].join('+');
}

const pathOf = (path: string): string => (path.split('?')[0] ?? '').replace(/\/+$/, '');

export function answerCache(now: () => number = Date.now): AnswerCache {
  const kept = new Map<string, Kept>();
  const keep = (key: string, { statusCode = 502, headers }: http.IncomingMessage, body: Buffer) => {
    if (statusCode >= 500 || body.includes('Failure')) return;
    const { 'content-type': type } = headers;
    kept.set(key, {
      status: statusCode,
      headers: { 'content-type': type },
      body,
      untilMs: now() + LIFE_MS,
    });
  };
  const known = (key: string): Kept | undefined => {
    const found = kept.get(key);
    return found && now() < found.untilMs ? found : undefined;
  };

  async function ask(
    req: http.IncomingMessage,
    res: http.ServerResponse,
    path: string,
    key: string,
    kube: Forwarder
  ): Promise<void> {
    const answer = await kube.get(req, path);
    res.on('close', () => answer.destroy());
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    const all: Buffer[] = [];
    let gathered: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      all.push(chunk);
      gathered.push(chunk);
      bytes += chunk.length;
      if (bytes < GATHERED_BYTES) continue;
      if (!res.write(Buffer.concat(gathered))) await once(res, 'drain');
      gathered = [];
      bytes = 0;
    }
    res.end(Buffer.concat(gathered));
    keep(key, answer, Buffer.concat(all));
  }

  return {
    async answer(req, res, path, { name, kubeUrl, kube }) {
      const key = keyOf(path, name);
      if (!key || isOwnReview(path)) return kube.request(req, res, path);
      if (req.method !== 'GET') {
        kept.delete(key);
        const done = once(res, 'finish');
        kube.request(req, res, path);
        await done;
        const fresh = await kube.get(req, path);
        const chunks: Buffer[] = [];
        for await (const chunk of fresh as AsyncIterable<Buffer>) chunks.push(chunk);
        return keep(key, fresh, Buffer.concat(chunks));
      }
      const { isAllowed, resource } = await mayGet(req, path, kubeUrl);
      if (isAllowed === false) {
        res.writeHead(403, { 'content-type': 'application/json', 'x-headlamp-cache': 'true' });
        return void res.end(
          JSON.stringify({
            kind: 'Status',
            apiVersion: 'v1',
            message: `${resource} is forbidden`,
            reason: 'Forbidden',
            code: 403,
          })
        );
      }
      const found = isAllowed ? known(key) : undefined;
      if (!found) return await ask(req, res, path, key, kube);
      res.writeHead(found.status, { ...found.headers, 'x-headlamp-cache': 'true' });
      res.end(found.body);
    },
  };
}

/** Questions on one's own rights are never answered from the cache. */
const isOwnReview = (path: string): boolean =>
  /^\/apis\/authorization\.k8s\.io\/[^/]+\/selfsubject(access|rules)reviews$/.test(pathOf(path));

/** Asks the API server whether the person may get what the path names. @returns undefined when it cannot be asked. */
async function mayGet(
  req: http.IncomingMessage,
  path: string,
  kubeUrl: string
): Promise<{ isAllowed?: boolean; resource?: string }> {
  const resourceAttributes = attributesOf(path);
  if (!resourceAttributes) return {};
  const { authorization } = req.headers;
  const answer = await fetch(`${kubeUrl}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    }),
  });
  if (!answer.ok) return {};
  const { status } = (await answer.json()) as { status: { allowed: boolean } };
  return { isAllowed: status.allowed, resource: resourceAttributes.resource };
}

function attributesOf(path: string) {
  const [root, ...rest] = pathOf(path).slice(1).split('/');
  const group = root === 'apis' ? rest.shift() : '';
  const version = rest.shift();
  if (rest.length === 0) return undefined;
  const namespace = rest[0] === 'namespaces' && rest.length > 2 ? rest.splice(0, 2)[1] : undefined;
  const [resource = '', name, subresource] = rest;
  const isWatch = /[?&]watch=(1|true)/.test(path);
  const verb = isWatch ? 'watch' : name ? 'get' : 'list';
  return { group, version, namespace, resource, name, subresource, verb };
}
