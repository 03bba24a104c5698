import type { IncomingMessage, ServerResponse } from 'node:http';
import { REVIEWS, type Reviews } from '../auth/reviews.ts';
import type { User } from '../auth/user.ts';
import {
  badRequest,
  conflict,
  Failure,
  invalid,
  methodNotAllowed,
  resourceNotFound,
  type Status,
} from '../store/failure.ts';
import { findKind, type Kind } from '../store/kinds.ts';
import type { Draft, KubeObject, Pod } from '../store/object.ts';
import { matcher } from '../store/selectors.ts';
import { bindPod } from './binding.ts';
import { mediaType, readBody } from './body.ts';
import { discovery } from './discovery.ts';
import { shown, taken } from './eventView.ts';
import type { Lists } from './list.ts';
import { openLog } from './log.ts';
import type { NodeAgent } from './nodeAgent.ts';
import type { DeleteOptions, Objects, Part } from './objects.ts';
import { forward } from './proxy.ts';
import type { PathRequest, ResourceRequest } from './requestInfo.ts';
import { rescale, scaleOf } from './scale.ts';
import { podBackend, serviceBackend } from './serviceBackend.ts';
import { type Sink, watch } from './watch.ts';

/** What the routes need of the rest of the playground. */
export interface RouteContext {
  objects: Objects;
  lists: Lists;
  reviews: Reviews;
  nodes: NodeAgent;
  now: () => Date;
  /** Ends whatever is open when the server stops. */
  stopping: AbortSignal;
}

/** A request that is authenticated and authorized. */
export interface Call<Info> {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  info: Info;
  user: User;
}

/** @throws Failure for everything that is refused. */
export function answerPath({ response, info }: Call<PathRequest>): void {
  const found = discovery(info.path);
  if (found === undefined || info.verb !== 'get')
    return sendText(response, 404, '404 page not found\n');
  if (typeof found === 'string') return sendText(response, 200, found);
  sendJson(response, 200, found);
}

/** @throws Failure for everything that is refused. */
export async function answerResource(
  context: RouteContext,
  call: Call<ResourceRequest>
): Promise<void> {
  const { info, request, response, user } = call;
  const { group, version, resource, verb } = info;
  const review = REVIEWS.find(each => each.group === group && each.plural === resource);
  if (review && version === 'v1') {
    if (verb !== 'create') throw methodNotAllowed();
    const body = (await readBody(request, review.kind)) as Draft;
    return sendJson(response, 201, context.reviews.answer(review, body, user));
  }
  const kind = findKind(group, version, resource);
  if (!kind) {
    const isGroup = discovery(group ? `/apis/${group}/${version}` : `/api/${version}`);
    if (isGroup) throw resourceNotFound();
    return sendText(response, 404, '404 page not found\n');
  }
  if (kind.namespaced && info.namespace === undefined && info.name && !isAll(info)) {
    throw resourceNotFound();
  }
  if (!info.subresource || info.subresource === 'status') return answerObject(context, call, kind);
  if (!kind.subresources.includes(info.subresource)) throw resourceNotFound();
  return answerSubresource(context, call, kind);
}

/** A list by a field selector names an object, too. */
const isAll = ({ verb }: ResourceRequest): boolean =>
  ['list', 'watch', 'deletecollection'].includes(verb);

async function answerObject(
  context: RouteContext,
  { info, request, response, url }: Call<ResourceRequest>,
  kind: Kind
): Promise<void> {
  const { objects } = context;
  const { verb, name = '' } = info;
  const namespace = kind.namespaced ? info.namespace : undefined;
  const query = url.searchParams;
  const part: Part = info.subresource === 'status' ? 'status' : 'main';
  if (part === 'status' && !kind.subresources.includes('status')) throw resourceNotFound();
  const options = { dryRun: query.get('dryRun') === 'All' };
  const show = (code: number, object: KubeObject) => sendJson(response, code, shown(kind, object));
  const draft = async () => taken(kind, (await readBody(request, kind.kind)) as Draft);

  switch (verb) {
    case 'get':
      return show(200, objects.get(kind, namespace, name));
    case 'list':
      return sendJson(response, 200, context.lists.answer(kind, namespace, query));
    case 'watch':
      return watch(objects.store, kind, namespace, query, () => lines(response), context.stopping);
    case 'create':
      if (name || part === 'status') throw methodNotAllowed();
      if (kind.namespaced && namespace === undefined) {
        throw badRequest('an empty namespace may not be set during creation');
      }
      return show(201, objects.create(kind, namespace, await draft(), options));
    case 'update':
      if (!name) throw methodNotAllowed();
      return show(200, objects.update(kind, namespace, name, await draft(), part, options));
    case 'patch': {
      if (!name) throw methodNotAllowed();
      const type = mediaType(request);
      if (type !== 'application/apply-patch+yaml') {
        const patch = await readBody(request, kind.kind);
        return show(200, objects.patch(kind, namespace, name, type, patch, part, options));
      }
      if (!query.get('fieldManager')) throw noFieldManager();
      const isNew = !objects.store.get(kind, namespace, name);
      const applied = objects.apply(kind, namespace, name, await draft(), options);
      return show(isNew ? 201 : 200, applied);
    }
    case 'delete': {
      const { object, isGone } = objects.remove(
        kind,
        namespace,
        name,
        await deleteOptions(request, query)
      );
      const isShown = !isGone || RETURNED_WHEN_DELETED.includes(kind.plural);
      return isShown ? show(200, object) : sendJson(response, 200, deleted(kind, object));
    }
    case 'deletecollection': {
      const matches = matcher(kind, query);
      const chosen = objects.store.list(kind, namespace).filter(matches);
      const given = await deleteOptions(request, query);
      for (const { metadata } of chosen)
        objects.remove(kind, metadata.namespace, metadata.name, given);
      return sendJson(response, 200, context.lists.answer(kind, namespace, query));
    }
    default:
      throw methodNotAllowed();
  }
}

/** The API server answers with the object, and not with a Status. */
const RETURNED_WHEN_DELETED = [
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
];

async function answerSubresource(
  context: RouteContext,
  { info, request, response, url }: Call<ResourceRequest>,
  kind: Kind
): Promise<void> {
  const { objects, nodes, reviews, stopping, now } = context;
  const { store } = objects;
  const { verb, subresource, name = '', namespace = '', rest } = info;
  const query = url.searchParams;
  const body = () => readBody(request, kind.kind) as Promise<Draft>;

  switch (subresource) {
    case 'token':
      if (verb !== 'create') throw methodNotAllowed();
      return sendJson(response, 201, reviews.issueToken(namespace, name, await body()));
    case 'scale':
      if (verb === 'get')
        return sendJson(response, 200, scaleOf(objects.get(kind, namespace, name)));
      if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed();
      return sendJson(
        response,
        200,
        rescale(
          objects,
          kind,
          namespace,
          name,
          await body(),
          verb === 'patch' ? mediaType(request) : undefined
        )
      );
    case 'log': {
      if (verb !== 'get') throw methodNotAllowed();
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const signal = AbortSignal.any([stopping, gone.signal]);
      const log = openLog(nodes, objects.get<Pod>(kind, namespace, name), query, signal, now());
      response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
      for await (const line of log) response.write(line);
      return void response.end();
    }
    case 'eviction': {
      if (verb !== 'create') throw methodNotAllowed();
      const eviction = (await body()) as { deleteOptions?: DeleteOptions };
      objects.remove(kind, namespace, name, eviction.deleteOptions);
      const success: Status = {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        code: 201,
      };
      return sendJson(response, 201, success);
    }
    case 'binding': {
      if (verb !== 'create') throw methodNotAllowed();
      const { target } = (await body()) as { target?: { name?: string } };
      const pod = objects.get<Pod>(kind, namespace, name);
      if (pod.spec.nodeName) throw conflict(kind, name);
      if (target?.name) bindPod(objects, pod, target.name, now());
      return sendJson(response, 201, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
      });
    }
    case 'proxy': {
      const prefix = url.pathname.slice(0, url.pathname.length - rest.length);
      const find = kind.plural === 'services' ? serviceBackend : podBackend;
      const backend = find(store, namespace, name);
      if (rest === '')
        return void response.writeHead(301, { location: `${prefix}/${url.search}` }).end();
      return forward(request, response, backend, prefix, rest, url.search);
    }
    case 'exec':
      throw badRequest('Upgrade request required');
    case 'finalize':
      return sendJson(response, 200, objects.get(kind, undefined, name));
    default:
      throw resourceNotFound();
  }
}

/** Options come in the body, in the query, or in both. */
async function deleteOptions(
  request: IncomingMessage,
  query: URLSearchParams
): Promise<DeleteOptions> {
  const options = (await readBody(request, 'DeleteOptions')) as DeleteOptions;
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy') as DeleteOptions['propagationPolicy'] | null;
  return {
    ...options,
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(policy && { propagationPolicy: policy }),
  };
}

const deleted = (kind: Kind, { metadata }: KubeObject): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {
    name: metadata.name,
    ...(kind.group && { group: kind.group }),
    kind: kind.plural,
    uid: metadata.uid,
  },
});

const noFieldManager = (): Failure =>
  invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
    { type: 'Required', field: 'fieldManager', detail: 'is required for apply patch' },
  ]);

export function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

export function sendText(response: ServerResponse, code: number, body: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
}

/** The events of a watch as lines of a body. */
function lines(response: ServerResponse): Sink {
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  return {
    send: event => void response.write(`${JSON.stringify(event)}\n`),
    end: () => void response.end(),
    onClose: listener => void response.on('close', listener),
  };
}
