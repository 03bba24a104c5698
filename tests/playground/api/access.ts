import type { IncomingHttpHeaders } from 'node:http';
import type { Rbac } from '../auth/rbac.ts';
import type { Tokens } from '../auth/tokens.ts';
import { ANONYMOUS, type User } from '../auth/user.ts';
import { Failure, forbidden, unauthorized } from '../store/failure.ts';
import { attributesOf, type RequestInfo } from './requestInfo.ts';

/** How a browser sends a token with a WebSocket, which cannot have headers of its own. */
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';

/** @throws Failure 401 when there is a token that is not valid. Without any, the caller is anonymous. */
export function authenticate(tokens: Tokens, headers: IncomingHttpHeaders): User {
  const token =
    /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? tokenInProtocols(headers);
  if (token === undefined) return ANONYMOUS;
  const verdict = tokens.verify(token);
  if ('error' in verdict) throw unauthorized();
  return verdict.user;
}

const protocols = (headers: IncomingHttpHeaders): string[] =>
  (headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '');

function tokenInProtocols(headers: IncomingHttpHeaders): string | undefined {
  const encoded = protocols(headers)
    .find(each => each.startsWith(BEARER_PROTOCOL))
    ?.slice(BEARER_PROTOCOL.length);
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString('utf8');
}

/** @returns the subprotocols that a client offers, without the one that contains its token. */
export const offeredProtocols = (headers: IncomingHttpHeaders): string[] =>
  protocols(headers).filter(each => !each.startsWith(BEARER_PROTOCOL));

/** @throws Failure 403 in the API server's words. */
export function authorize(rbac: Rbac, user: User, info: RequestInfo): void {
  if (rbac.allows(user, attributesOf(info))) return;
  if ('path' in info) {
    throw new Failure(
      403,
      'Forbidden',
      `forbidden: User "${user.username}" cannot ${info.verb} path "${info.path}"`,
      {}
    );
  }
  const { verb, group, resource, subresource, namespace, name = '' } = info;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  throw forbidden(
    { group, plural: resource },
    name,
    `User "${user.username}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`
  );
}
