import type { FastifyReply, FastifyRequest } from 'fastify';
import type { History, RunRecord } from '../../history/history.ts';
import type { HeldRights } from '../rights/heldRights.ts';
import { heldRights } from '../rights/heldRights.ts';
import type { Rights } from '../rights/rights.ts';
import type { RunAccess } from '../rights/runAccess.ts';
import type { EventStream, EventStreams } from './eventStreams.ts';
import type { RunChanges } from './runChanges.ts';
import type { Followed } from './runEvents.ts';
import { runEvents } from './runEvents.ts';

export interface FollowRun {
  streams: EventStreams;
  changes: RunChanges;
  history: Pick<History, 'get'>;
  rights: Pick<Rights, 'has'>;
  access: Pick<RunAccess, 'mayRead'>;
  id: string;
  /** Name of the events. */
  event: string;
  /**
   * @returns the run, and how the caller sees it; the rights that it asks for are kept in `held`
   * @throws StageError or Refusal when the caller may not see it
   */
  seenBy(
    caller: FastifyRequest['caller'],
    id: string,
    held: HeldRights
  ): Promise<{ run: RunRecord; show(run: RunRecord): Followed }>;
}

/**
 * Sends a run as server-sent events until it has ended.
 * @throws what `seenBy` throws, or Refusal (429) when too many streams are open. After that the reply belongs to the stream.
 */
export async function followRun(
  { caller, isTokenValid }: FastifyRequest,
  reply: FastifyReply,
  { streams, changes, history, rights, access, id, event, seenBy }: FollowRun
): Promise<FastifyReply> {
  const held = heldRights(caller, rights);
  const { run, show } = await seenBy(caller, id, held);
  const read = (): Followed | undefined => {
    const now = history.get(run.id);
    return now && show(now);
  };
  const mayRead = () => access.mayRead(run, heldRights(caller, rights));
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
