import type { FastifyReply, FastifyRequest } from 'fastify';
import { rateLimit } from '../../observe/tokenBucket.ts';
import { userOf, userTokenOf } from '../rights/caller.ts';
import { lines } from './lines.ts';
import { Refusal } from './problems.ts';

/** Requests of callers whose token is good. Event streams, downloads and uploads have limits of their own. */
const REQUEST_LIMITS = {
  /** A browser opens six connections; the requests of a page come in a burst. */
  eachToken: { atOnce: 16, waiting: 500 },
  /** `nkvm-admin` stands for every administrator. */
  eachUser: { atOnce: 48, waiting: 1_500 },
  /** Of one user, over time. */
  rate: { burst: 2_000, everyMs: 5 },
};

const UNLIMITED = { burst: Infinity, everyMs: 1 };

/**
 * A hook that answers a few requests of each caller at once; the rest wait. A request counts until the caller has read its answer, so
 * that a caller who reads slowly has fewer answers in memory.
 * @throws Refusal (429) when too many wait, or came in a short time
 */
export function fairRequests(limits = REQUEST_LIMITS, now: () => number = () => performance.now()) {
  const ofToken = lines(limits.eachToken, tooMany);
  const ofUser = lines(limits.eachUser, tooMany);
  const mayAsk = rateLimit(limits.rate, UNLIMITED, now);
  return async ({ caller, routeOptions, raw }: FastifyRequest, reply: FastifyReply) => {
    if (!mayAsk(userOf(caller))) throw tooMany();
    if (routeOptions.config.takesLong || isStream(routeOptions.schema)) return;
    const leaveToken = await ofToken(userTokenOf(caller));
    const leaveUser = await ofUser(userOf(caller)).catch(error => {
      leaveToken();
      throw error;
    });
    const leave = (): void => {
      leaveUser();
      leaveToken();
    };
    // A caller that has gone meanwhile needs no answer.
    if (raw.socket.destroyed) {
      leave();
      throw tooMany();
    }
    reply.raw.once('close', leave);
  };
}

const isStream = (schema: { produces?: unknown } | undefined): boolean =>
  Array.isArray(schema?.produces) && schema.produces.includes('text/event-stream');

const tooMany = (): Refusal =>
  new Refusal(
    429,
    'TooManyRequests',
    'too many requests of this caller are under way, or came in a short time',
    'send fewer requests at a time, or try again in a few seconds'
  );
