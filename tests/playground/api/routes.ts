import { REVIEWS } from '../auth/reviews.ts';
import { methodNotAllowed, resourceNotFound } from '../store/failure.ts';
import type { Draft } from '../store/object.ts';
import { readBody } from './body.ts';
import { type Call, type RouteContext, sendJson, sendText } from './call.ts';
import { discovery } from './discovery.ts';
import { answerObject } from './objectRoutes.ts';
import type { PathRequest, ResourceRequest } from './requestInfo.ts';
import { findKind, servedKinds } from './servedKinds.ts';
import { answerSubresource } from './subresourceRoutes.ts';

/** @throws Failure for everything that is refused. */
export function answerPath({ objects }: RouteContext, { response, info }: Call<PathRequest>): void {
  const found = discovery(info.path, servedKinds(objects.store));
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
  const kind = findKind(context.objects.store, info);
  if (!kind) {
    const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
    const isGroup = discovery(path, servedKinds(context.objects.store));
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
