import { hostname } from 'node:os';
import type { Gateway } from '../cluster/gateway/gateway.ts';
import type { HeldLease } from '../cluster/writes/holdLease.ts';
import { holdLease } from '../cluster/writes/holdLease.ts';
import { leaseOf } from '../cluster/writes/leases.ts';

export interface OneWriterOptions {
  gateway: Gateway;
  namespace: string;
  /** Called with each new reason why it waits. */
  onWait(why: string): void;
  signal: AbortSignal;
  log: {
    warn(fields: object, message: string): void;
    fatal(fields: object, message: string): void;
  };
}

/** A restart of an API server takes less. A new pod waits for as long when the node of the old one is lost. */
const DURATION_MS = 60_000;
const EVERY_MS = 5_000;
/** Shorter than the time between two renewals. */
const RENEW_LIMIT_MS = 4_000;
/** For a write to the disk that has begun: an append to the journal, the rename of an archive. */
const MARGIN_MS = 10_000;

/**
 * Waits until this process is the only one that writes the history of its namespace. Two pods can have one volume, e.g.
 * while a node is lost, and two writers would overwrite each other's runs.
 *
 * This process ends at once when it sees that another one has taken over. While it only cannot renew its right, every write
 * is refused (see `holdLease`) and runs under way continue.
 * @throws the signal's reason.
 */
export async function becomeWriter(options: OneWriterOptions): Promise<HeldLease> {
  const { log } = options;
  return await holdLease(leaseOf(options.gateway, options.namespace, 'nkvm', RENEW_LIMIT_MS), {
    holder: hostname(), // the pod's name
    durationMs: DURATION_MS,
    marginMs: MARGIN_MS,
    everyMs: EVERY_MS,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    signal: options.signal,
    onWait(why) {
      log.warn({}, `NKVM waits for its turn to write the history: ${why}`);
      options.onWait(why);
    },
    onLost(why) {
      log.fatal({}, `exiting: another instance may now write the history: ${why}`);
      process.exit(1);
    },
  });
}
