import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers have a strong ETag, and are 304 where the caller has exactly these bytes already. */
    isTagged?: true;
  }
}

/**
 * A hook, for after all others that change an answer: the tag is of the bytes that leave, so it tells nothing of what was left out
 * of them for this caller.
 */
export async function tagAnswer(
  { routeOptions, headers }: FastifyRequest,
  reply: FastifyReply,
  payload: unknown
): Promise<unknown> {
  if (!routeOptions.config.isTagged || reply.statusCode !== 200) return payload;
  if (typeof payload !== 'string') return payload;
  const tag = `"${createHash('sha256').update(payload).digest('base64url')}"`;
  reply.header('etag', tag);
  const known = String(headers['if-none-match'] ?? '').split(/\s*,\s*/);
  if (!known.some(each => each === '*' || each.replace(/^W\//, '') === tag)) return payload;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return null;
}
