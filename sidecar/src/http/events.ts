import type { FastifyReply } from 'fastify';
import type { Backup } from '../../api/index.ts';

/** Bytes flow often; people read four times a second. */
const LEAST_GAP_MS = 250;
const PING_MS = 15_000;

const hasEnded = (run: Backup): boolean => run.status !== 'queued' && run.status !== 'running';

/**
 * Answers with server-sent events: the run now, then after changes, until it has ended or the client is gone. A slow
 * client misses states in between, never the last one, and fills no memory.
 * @param watch calls its listener after every change; returns what ends that.
 */
export function sendEvents(
  reply: FastifyReply,
  first: Backup,
  watch: (listener: (run: Backup) => void) => () => void
): void {
  reply.hijack();
  const out = reply.raw;
  out.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  let newest: Backup | undefined;
  let timer: NodeJS.Timeout | undefined;

  const stop = (): void => {
    clearInterval(ping);
    clearTimeout(timer);
    unwatch();
  };
  const flush = (): void => {
    timer = undefined;
    if (!newest || out.destroyed) return;
    const run = newest;
    newest = undefined;
    out.write(`event: backup\nid: ${run.endedAt ?? run.stage ?? run.status}\n`);
    const isTaken = out.write(`data: ${JSON.stringify(run)}\n\n`);
    if (hasEnded(run)) {
      stop();
      out.end();
    } else if (!isTaken) {
      timer = setTimeout(() => undefined, PING_MS); // until `drain`, nothing more is written
      out.once('drain', () => {
        clearTimeout(timer);
        flush();
      });
    } else timer = setTimeout(flush, LEAST_GAP_MS);
  };
  const take = (run: Backup): void => {
    newest = run;
    if (hasEnded(run)) clearTimeout(timer);
    if (hasEnded(run) || !timer) flush();
  };

  const ping = setInterval(() => out.write(': ping\n\n'), PING_MS);
  const unwatch = watch(take);
  out.on('close', stop);
  take(first);
}
