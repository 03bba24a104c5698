import type { FastifyRequest } from 'fastify';
import {
  audienceOf,
  TOKEN_AUDIENCE,
  TOKEN_CLUSTER_HEADER,
  TOKEN_HEADER,
} from '../../../api/index.ts';
import { quotedName } from '../../../api/quotedName.ts';
import type { Subject } from '../../cluster/gateway/access.ts';
import { tokenClaims } from '../../cluster/gateway/token.ts';
import { POPULATOR, SCHEDULE } from '../../jobs/requesters.ts';
import { Refusal } from '../entry/problems.ts';
import { unknown } from './rights.ts';
import type { Source, TokenReviews } from './tokenReviews.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The owner of the request's token; set before any handler under /api/v1 that needs it. */
    caller: Subject;
    /**
     * Asks again, for answers that go on for long.
     * @param maxAgeMs how old a remembered answer may be
     * @returns whether the token is still valid. @throws Refusal (503) when the API server did not say.
     */
    isTokenValid(maxAgeMs?: number): Promise<boolean>;
  }
}

const LONGEST_TOKEN = 16 * 1024;
/**
 * The clocks of the API server and this machine may differ by so much before an expired token is refused here. A clock that
 * is a day ahead must not lock everybody out: the API server decides about tokens, this only saves it the old ones.
 */
const CLOCK_SKEW_MS = 2 * 86_400_000;
/** Streams with the same token share an answer that is not older. */
const SAME_MOMENT_MS = 1_000;

export interface Authentication {
  reviews: TokenReviews;
  /** @returns the reviews of another cluster; undefined: there is none of this name. @throws Refusal where it cannot be asked now. */
  reviewsOf?(cluster: string): TokenReviews | undefined;
  /** Namespace of the installation: tokens may be meant for the NKVM there, or for any. */
  namespace: string;
  /** A scraper's token may be one for the API server: that is the one which Prometheus has. */
  takesTokensOfApiServer?: boolean;
  now?: () => number;
}

/**
 * @returns a hook that finds the caller from the token in `X-NKVM-Token` (through the service proxy, which deletes
 * Authorization) or `Authorization: Bearer`. It throws a Refusal: 401 without a valid token, 429 when too many unknown
 * tokens come from the same place, 503 when the API server did not say.
 */
export function authenticate({
  reviews: ownReviews,
  reviewsOf = () => undefined,
  namespace,
  takesTokensOfApiServer = false,
  now = Date.now,
}: Authentication) {
  const how = takesTokensOfApiServer
    ? 'send a token of the ServiceAccount that scrapes, e.g. one made with: kubectl create token prometheus -n monitoring'
    : `get a token with: kubectl create token nkvm-admin -n ${namespace} --audience ${TOKEN_AUDIENCE}`;
  const audiences = [TOKEN_AUDIENCE, audienceOf(namespace)];
  return async (request: FastifyRequest): Promise<void> => {
    const token = tokenOf(request);
    if (!token) throw noToken(how);
    const claims = tokenClaims(token);
    const ofUs = audiences.find(each => claims?.audiences.includes(each));
    const audience = ofUs ?? (takesTokensOfApiServer ? undefined : TOKEN_AUDIENCE);
    // The API server would refuse these, too: it need not be asked.
    if (claims && audience && !ofUs) throw badToken(how);
    if (claims?.expiresAt !== undefined && claims.expiresAt + CLOCK_SKEW_MS < now()) {
      throw badToken(how);
    }
    const cluster = clusterOf(request);
    // A token is sent only to the API server that made it: any other one could use it.
    const reviews = cluster === undefined ? ownReviews : reviewsOf(cluster);
    if (!reviews) throw badToken(how);
    const whoIs = async (maxAgeMs?: number): Promise<Subject | undefined> => {
      try {
        const found = await reviews.whoIs(token, audience, sourceOf(request), maxAgeMs);
        return found && cluster !== undefined ? { ...found, cluster } : found;
      } catch (error) {
        throw error instanceof Refusal ? error : unknown(error, cluster);
      }
    };
    const subject = await whoIs();
    if (!subject) throw badToken(how);
    request.caller = subject;
    request.isTokenValid = async (maxAgeMs = SAME_MOMENT_MS) =>
      (await whoIs(maxAgeMs))?.username === subject.username;
  };
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const own = headers[TOKEN_HEADER.toLowerCase()];
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const token = typeof own === 'string' && own !== '' ? own : bearer;
  return token && token.length <= LONGEST_TOKEN ? token : undefined;
}

/** The plugin says of which cluster its token is. */
const clusterOf = ({ headers }: FastifyRequest): string | undefined => {
  const named = headers[TOKEN_CLUSTER_HEADER.toLowerCase()];
  return typeof named === 'string' && named !== '' ? named : undefined;
};

/** Through the service proxy every request comes from the API server, which adds the address of its own client last. */
function sourceOf({ headers, socket }: FastifyRequest): Source {
  const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
  return { peer: socket.remoteAddress ?? '', client: forwarded.at(-1)?.trim() ?? '' };
}

/** HTTP requires it of every 401. No browser asks for a password because of it. */
const HOW = { 'www-authenticate': 'Bearer realm="nkvm"' };

const noToken = (how: string): Refusal =>
  new Refusal(
    401,
    'TokenMissing',
    `the request carries no token in ${TOKEN_HEADER} or Authorization: Bearer`,
    how,
    HOW
  );

const badToken = (how: string): Refusal =>
  new Refusal(
    401,
    'TokenInvalid',
    `the API server does not know this token, or it has expired, or it is meant for another audience than ${TOKEN_AUDIENCE}`,
    how,
    HOW
  );

const credentialOf = ({ extra }: Subject): string | undefined =>
  extra['authentication.kubernetes.io/credential-id']?.[0];

/** @returns a key that tells a user from all others. In another cluster the same name is another user. */
export const userOf = ({ username, cluster }: Subject): string =>
  JSON.stringify([cluster ?? null, username]);

/** @returns a key that tells one token of a user from all others, where the API server can tell them apart. */
export const userTokenOf = (subject: Subject): string =>
  JSON.stringify([subject.cluster ?? null, subject.username, credentialOf(subject) ?? null]);

/** NKVM itself is the requester of some runs, by these names. */
const OWN_NAMES: readonly string[] = [SCHEDULE, POPULATOR];

/** @returns for people: the user and the token's credential id, which the API server's audit log holds, too. Nobody else is called so. */
export function nameOf(subject: Subject): string {
  const { username, cluster } = subject;
  const credential = credentialOf(subject);
  const name = OWN_NAMES.includes(username) ? JSON.stringify(username) : quotedName(username);
  const where = cluster === undefined ? name : `${name} of cluster ${quotedName(cluster)}`;
  return credential ? `${where} (${quotedName(credential)})` : where;
}
