import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeleteOptions } from '../objects/deletion.ts';
import type { Part } from '../objects/envelope.ts';
import {
  badRequest,
  type Failure,
  invalid,
  methodNotAllowed,
  resourceNotFound,
  type Status,
} from '../store/failure.ts';
import type { Kind } from '../store/kinds.ts';
import type { Draft, KubeObject } from '../store/object.ts';
import { matcher } from '../store/selectors.ts';
import { mediaType, readBody } from './body.ts';
import { type Call, type RouteContext, sendJson } from './call.ts';
import { shown, taken } from './eventView.ts';
import type { ResourceRequest } from './requestInfo.ts';
import { type Sink, watch } from './watch.ts';

/** Answers what is asked of objects themselves. @throws Failure for everything that is refused. */
export async function answerObject(
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

/** The events of a watch as lines of a body. */
function lines(response: ServerResponse): Sink {
  response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  return {
    send: event => void response.write(`${JSON.stringify(event)}\n`),
    end: () => void response.end(),
    onClose: listener => void response.on('close', listener),
  };
}
