import type { FastifyRequest } from 'fastify';

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
  async ({ raw, routeOptions }: FastifyRequest): Promise<void> => {
    if (raw.complete || routeOptions.config.takesLong) return;
    const timer = setTimeout(() => {
      if (!raw.complete) raw.destroy();
    }, limitMs).unref();
    raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  };
