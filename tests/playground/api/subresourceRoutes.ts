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

/** Answers what is asked of paths behind objects. @throws Failure for everything that is refused. */
export async function answerSubresource(
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
