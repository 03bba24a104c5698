import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RunRecord } from '../../history/history.ts';
import type { HeldRights } from '../rights/heldRights.ts';
import type { EventStream, EventStreams } from './eventStreams.ts';
import type { RunChanges } from './runChanges.ts';
import type { Followed } from './runEvents.ts';
import { runEvents } from './runEvents.ts';

export interface FollowRun {
  streams: EventStreams;
  changes: RunChanges;
  /** Rights that were needed so far. */
  held: HeldRights;
  /** Name of the events. */
  event: string;
  run: RunRecord;
  /** @returns the run as the caller may see it now; undefined: it is not there any more. */
  read(): Followed | undefined;
  /** @returns whether the caller may still see it, after some right was lost. */
  mayRead(): Promise<boolean>;
}

/**
 * Sends a run as server-sent events until it has ended.
 * @throws Refusal (429) when too many streams are open. After that the reply belongs to the stream.
 */
export function followRun(
  { caller, isTokenValid }: FastifyRequest,
  reply: FastifyReply,
  { streams, changes, held, event, run, read, mayRead }: FollowRun
): FastifyReply {
  let stream: EventStream | undefined;
  const events = runEvents(event, () => stream, read);
  const unwatch = changes.watch(run.id, events.changed);
  const close = () => {
    unwatch();
    events.stop();
  };
  try {
    stream = streams.open(
      reply,
      { caller, isStillValid: isTokenValid, rights: held },
      { onClear: events.changed, onClose: close, mayRead }
    );
  } catch (error) {
    close();
    throw error;
  }
  events.changed(); // after `watch`: a run that ends meanwhile is seen to end
  return reply;
}
