import type { FastifyReply, FastifyRequest } from 'fastify';

/** The biggest answers are some megabytes. */
const ANSWER_MS = 300_000;

/** A hook that ends connections whose client does not take its answer: the answer would stay in memory. */
export const refuseSlowReaders =
  (limitMs = ANSWER_MS) =>
  async (_request: FastifyRequest, { raw }: FastifyReply): Promise<void> => {
    const timer = setTimeout(() => raw.destroy(), limitMs).unref();
    raw.once('close', () => clearTimeout(timer));
  };
