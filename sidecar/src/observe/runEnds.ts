import type { History } from '../history/history.ts';
import type { RunRecord } from '../history/history.ts';
import type { EventSender } from './eventSender.ts';
import type { Metrics } from './metrics.ts';

export interface RunEndsOptions {
  history: Pick<History, 'get'>;
  metrics: Pick<Metrics, 'ended'>;
  events: Pick<EventSender, 'ended'>;
  audit: { ended(run: RunRecord): void };
}

/** @returns what tells metrics, claims and the audit log of a run of any kind that has ended; of one that has not, nothing. */
export const runEnds =
  ({ history, metrics, events, audit }: RunEndsOptions) =>
  ({ id }: { id: string }): void => {
    const run = history.get(id); // with all of it, its start too
    if (!run || run.endedAt === null) return;
    metrics.ended(run);
    events.ended(run);
    audit.ended(run);
  };
