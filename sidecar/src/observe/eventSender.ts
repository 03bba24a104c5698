import type { ClaimEvent, SendEvent } from '../cluster/writes/events.ts';
import type { RunRecord } from '../history/history.ts';
import type { Log } from '../log.ts';
import { claimEventOf, wantedEventOf } from './claimEvent.ts';
import type { Rate } from './tokenBucket.ts';
import { rateLimit } from './tokenBucket.ts';

/** The results of sending an Event. */
export type Outcome = 'sent' | 'dropped' | 'forbidden' | 'failed';

export interface EventSenderOptions {
  send: SendEvent;
  /** Milliseconds that never go back. */
  now(): number;
  log: Pick<Log, 'warn'>;
  onOutcome(outcome: Outcome): void;
  /** Of one claim, and of all. */
  rates?: { each: Rate; all: Rate };
}

/** Tells Kubernetes how runs have ended. */
export interface EventSender {
  /** Sends an Event on the run's claim, in its own time. A run is never the worse for what becomes of it. */
  ended(run: RunRecord): void;
  /** The same for a run that made way for a pod, and waits. */
  wanted(run: RunRecord, pod: string): void;
  /** Sends an Event that is not about a run. */
  about(event: ClaimEvent): void;
  /** Waits for those that are on their way. */
  settled(): Promise<void>;
}

/** For runs that fail again and again, the first few Events are sent; all Events of 500 nightly backups are sent. */
const RATES = {
  each: { burst: 10, everyMs: 60_000 },
  all: { burst: 500, everyMs: 200 },
};

export function eventSender(options: EventSenderOptions): EventSender {
  const { send, now, log, onOutcome, rates = RATES } = options;
  const may = rateLimit(rates.each, rates.all, now);
  const onTheirWay = new Set<Promise<void>>();
  /** Where the right is missing: it is said once, and again when it was given and taken. */
  const closed = new Set<string>();

  const tell = async (event: ClaimEvent | undefined, run?: RunRecord): Promise<void> => {
    if (!event) return;
    const { namespace, name: pvc, uid } = event.claim;
    const about = { ...(run && { run: run.id }), namespace, pvc };
    if (!may(uid)) {
      onOutcome('dropped');
      log.warn(about, 'no Event on the claim: there were too many in a short time');
      return;
    }
    const sent = await send(event);
    onOutcome(sent.outcome);
    if (sent.outcome === 'sent') {
      closed.delete(namespace);
    } else if (sent.outcome === 'failed') {
      log.warn(about, `no Event on the claim: ${sent.message}`);
    } else if (!closed.has(namespace)) {
      closed.add(namespace);
      log.warn(
        about,
        `no Events on claims of namespace ${namespace}: ${sent.message}; the ClusterRole nkvm-runtime of this version has the right`
      );
    }
  };

  const begin = (event: ClaimEvent | undefined, run?: RunRecord): void => {
    const one = tell(event, run).finally(() => onTheirWay.delete(one));
    onTheirWay.add(one);
  };

  return {
    ended: run => begin(claimEventOf(run), run),
    wanted: (run, pod) => begin(wantedEventOf(run, pod), run),
    about: event => begin(event),
    async settled() {
      await Promise.all(onTheirWay);
    },
  };
}
