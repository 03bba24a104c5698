import { hostname } from 'node:os';
import type { Gateway } from './cluster/gateway.ts';
import type { HeldLease } from './cluster/holdLease.ts';
import { holdLease } from './cluster/holdLease.ts';
import { leaseOf } from './cluster/leases.ts';

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

/** An API server that restarts is away for less; whoever takes over from a dead node waits for as long. */
const DURATION_MS = 60_000;
const EVERY_MS = 5_000;
const RENEW_LIMIT_MS = 4_000;

/**
 * Waits until this process is the only one that writes the history of its namespace. Two pods can have one volume, e.g.
 * while a node is lost, and two writers would overwrite each other's runs.
 *
 * When the right to write is lost later, this process ends at once.
 * @throws the signal's reason.
 */
export async function becomeWriter(options: OneWriterOptions): Promise<HeldLease> {
  const { log } = options;
  return await holdLease(leaseOf(options.gateway, options.namespace, 'nkvm', RENEW_LIMIT_MS), {
    holder: hostname(), // the pod's name
    durationMs: DURATION_MS,
    everyMs: EVERY_MS,
    now: () => performance.now(),
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
