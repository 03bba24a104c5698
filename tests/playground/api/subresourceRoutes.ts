import { bindPod } from '../objects/binding.ts';
import type { DeleteOptions } from '../objects/deletion.ts';
import {
  badRequest,
  conflict,
  methodNotAllowed,
  resourceNotFound,
  type Status,
} from '../store/failure.ts';
import type { Kind } from '../store/kinds.ts';
import type { Draft, Pod } from '../store/object.ts';
import { mediaType, readBody } from './body.ts';
import { type Call, type RouteContext, sendJson } from './call.ts';
import { openLog } from './log.ts';
import { forward } from './proxy.ts';
import type { ResourceRequest } from './requestInfo.ts';
import { rescale, scaleOf } from './scale.ts';
import { podBackend, serviceBackend } from './serviceBackend.ts';

interface SubresourceCall extends Call<ResourceRequest> {
  context: RouteContext;
  kind: Kind;
  namespace: string;
  name: string;
}

type Handler = (call: SubresourceCall) => Promise<void>;

/** Answers what is asked of paths behind objects. @throws Failure for everything that is refused. */
export async function answerSubresource(
  context: RouteContext,
  call: Call<ResourceRequest>,
  kind: Kind
): Promise<void> {
  const { subresource = '', namespace = '', name = '' } = call.info;
  const handler = HANDLERS[subresource];
  if (!handler) throw resourceNotFound();
  return handler({ ...call, context, kind, namespace, name });
}

const bodyOf = ({ request, kind }: SubresourceCall): Promise<Draft> =>
  readBody(request, kind.kind) as Promise<Draft>;

const created =
  (handler: Handler): Handler =>
  async call => {
    if (call.info.verb !== 'create') throw methodNotAllowed();
    return handler(call);
  };

const token = created(async call => {
  const { context, namespace, name, response } = call;
  sendJson(response, 201, context.reviews.issueToken(namespace, name, await bodyOf(call)));
});

const scale: Handler = async call => {
  const { context, kind, namespace, name, response, request, info } = call;
  if (info.verb === 'get') {
    return sendJson(response, 200, scaleOf(context.objects.get(kind, namespace, name)));
  }
  if (info.verb !== 'update' && info.verb !== 'patch') throw methodNotAllowed();
  const patchType = info.verb === 'patch' ? mediaType(request) : undefined;
  const body = await bodyOf(call);
  sendJson(response, 200, rescale(context.objects, kind, namespace, name, body, patchType));
};

const log: Handler = async ({ context, kind, namespace, name, response, url, info }) => {
  if (info.verb !== 'get') throw methodNotAllowed();
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const signal = AbortSignal.any([context.stopping, gone.signal]);
  const pod = context.objects.get<Pod>(kind, namespace, name);
  const lines = openLog(context.nodes, pod, url.searchParams, signal, context.now());
  response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
  for await (const line of lines) response.write(line);
  response.end();
};

const eviction = created(async call => {
  const { context, kind, namespace, name, response } = call;
  const { deleteOptions } = (await bodyOf(call)) as { deleteOptions?: DeleteOptions };
  context.objects.remove(kind, namespace, name, deleteOptions);
  sendJson(response, 201, success());
});

const binding = created(async call => {
  const { context, kind, namespace, name, response } = call;
  const { target } = (await bodyOf(call)) as { target?: { name?: string } };
  const pod = context.objects.get<Pod>(kind, namespace, name);
  if (pod.spec.nodeName) throw conflict(kind, name);
  if (!target?.name) throw badRequest('the binding has no target');
  bindPod(context.objects, pod, target.name, context.now());
  sendJson(response, 201, success());
});

const proxy: Handler = async ({ context, kind, namespace, name, request, response, url, info }) => {
  const prefix = url.pathname.slice(0, url.pathname.length - info.rest.length);
  const find = kind.plural === 'services' ? serviceBackend : podBackend;
  const backend = find(context.objects.store, namespace, name);
  if (info.rest) return forward(request, response, backend, prefix, info.rest, url.search);
  response.writeHead(301, { location: `${prefix}/${url.search}` }).end();
};

/** Only an upgrade makes a command: see sockets.ts. */
const exec: Handler = async () => {
  throw badRequest('Upgrade request required');
};

const finalize: Handler = async ({ context, kind, name, response }) =>
  sendJson(response, 200, context.objects.get(kind, undefined, name));

const HANDLERS: Record<string, Handler> = {
  binding,
  eviction,
  exec,
  finalize,
  log,
  proxy,
  scale,
  token,
};

const success = (): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
});
