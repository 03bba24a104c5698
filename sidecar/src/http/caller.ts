import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { NKVM_NAMESPACE, TOKEN_AUDIENCE, TOKEN_HEADER } from '../../api/index.ts';
import type { Access, Subject } from '../cluster/access.ts';
import { Refusal } from './problems.ts';
import { unknown } from './rights.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set before any handler under /api/v1 that needs it. */
    caller: Subject;
  }
}

const KEEP_MS = 10_000;
const KEEP_TOKENS = 1000;
const LONGEST_TOKEN = 16 * 1024;

/** A token may be meant for NKVM alone, or for the API server: `undefined` is its own audience, whatever it is called. */
export type Audience = typeof TOKEN_AUDIENCE | undefined;

/**
 * @param audiences whom a token may be meant for, tried in this order.
 * @returns a hook that finds out who is asking, from the token in `X-NKVM-Token` (through the service proxy, which
 * deletes Authorization) or `Authorization: Bearer`. It throws a Refusal: 401 without a valid token, 503 when nobody
 * could say.
 */
export function authenticate(
  access: Pick<Access, 'whoIs'>,
  audiences: readonly Audience[] = [TOKEN_AUDIENCE],
  now: () => number = Date.now
) {
  const whoIs = async (token: string): Promise<Subject | undefined> => {
    for (const audience of audiences) {
      const subject = await access.whoIs(token, audience);
      if (subject) return subject;
    }
    return undefined;
  };
  const known = new Map<string, { until: number; subject: Promise<Subject | undefined> }>();
  return async (request: FastifyRequest): Promise<void> => {
    const token = tokenOf(request);
    if (!token) throw noToken();
    // The hash is the key, so that no token lies in memory for longer than its request.
    const key = createHash('sha256').update(token).digest('hex');
    let entry = known.get(key);
    if (!entry || entry.until <= now()) {
      if (known.size >= KEEP_TOKENS) known.clear();
      entry = { until: now() + KEEP_MS, subject: whoIs(token) };
      known.set(key, entry);
      entry.subject.catch(() => known.delete(key));
    }
    let subject: Subject | undefined;
    try {
      subject = await entry.subject;
    } catch (error) {
      throw unknown(error);
    }
    if (!subject) {
      known.delete(key);
      throw badToken();
    }
    request.caller = subject;
  };
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const own = headers[TOKEN_HEADER.toLowerCase()];
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const token = typeof own === 'string' && own !== '' ? own : bearer;
  return token && token.length <= LONGEST_TOKEN ? token : undefined;
}

const HOW = `get a token with: kubectl create token nkvm-admin -n ${NKVM_NAMESPACE} --audience ${TOKEN_AUDIENCE}`;

const noToken = (): Refusal =>
  new Refusal(
    401,
    'TokenMissing',
    `the request carries no token in ${TOKEN_HEADER} or Authorization: Bearer`,
    HOW
  );

const badToken = (): Refusal =>
  new Refusal(
    401,
    'TokenInvalid',
    `the API server does not know this token, or it has expired, or it is meant for another audience than ${TOKEN_AUDIENCE}`,
    HOW
  );

/** @returns the user and the token's credential id, which the API server's audit log holds, too. */
export function nameOf({ username, extra }: Subject): string {
  const credential = extra['authentication.kubernetes.io/credential-id']?.[0];
  return credential ? `${username} (${credential})` : username;
}
