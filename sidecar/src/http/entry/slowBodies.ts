import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is big, and has limits of its own. */
    takesLong?: boolean;
  }
}

/** The usual bodies are a few KiB. */
const BODY_MS = 60_000;

/**
 * A hook that ends requests whose body does not come: the HTTP server itself has no limit, because an upload may take hours.
 */
export const refuseSlowBodies =
  (limitMs = BODY_MS) =>
  async ({ raw, routeOptions }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (raw.complete) return;
    let timer: NodeJS.Timeout | undefined;
    const wait = () => {
      timer = setTimeout(() => {
        if (raw.complete) return;
        // The reader of the body gets this error, and the client this answer.
        if (!reply.sent && raw.listenerCount('error') > 0) raw.emit('error', tooSlow(limitMs));
        if (!reply.raw.headersSent) raw.destroy();
        else if (reply.raw.writableFinished) raw.destroy();
        else reply.raw.once('finish', () => raw.destroy());
      }, limitMs).unref();
    };
    // The rest of a refused upload is read and dropped: without a limit, a caller without a token could send for ever.
    if (routeOptions.config.takesLong) reply.raw.once('finish', wait);
    else wait();
    raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  };

const tooSlow = (limitMs: number): Refusal =>
  new Refusal(
    408,
    'RequestTimeout',
    `the request body did not arrive within ${limitMs / 1000} s`,
    'send the request again'
  );
