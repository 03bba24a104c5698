import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';

/**
 * Answers with JSON and a strong ETag, or with 304 where the caller has exactly these bytes already. They contain only what the
 * caller may see, so the tag is that of the caller's own view.
 */
export const sendTagged = (request: FastifyRequest, reply: FastifyReply, body: object) =>
  sendTaggedText(request, reply, JSON.stringify(body));

/** @param text JSON, of a list that is too long to be made at once */
export function sendTaggedText(request: FastifyRequest, reply: FastifyReply, text: string) {
  const tag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  reply.header('etag', tag);
  const known = String(request.headers['if-none-match'] ?? '').split(/\s*,\s*/);
  if (known.some(each => each === '*' || each.replace(/^W\//, '') === tag)) {
    return reply.code(304).send();
  }
  return reply.type('application/json; charset=utf-8').send(text);
}
