import type { FastifyReply } from 'fastify';

/** @returns a signal that ends when the client goes before it has its answer. */
export function whileConnected({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new Error('the client has closed the connection'));
  });
  return gone.signal;
}
