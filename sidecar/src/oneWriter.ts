import { hostname } from 'node:os';
import type { Gateway } from './cluster/gateway.ts';
import type { HeldLease } from './cluster/holdLease.ts';
import { holdLease } from './cluster/holdLease.ts';
import { leaseOf } from './cluster/leases.ts';
import type { WaitingDoor } from './http/waitingDoor.ts';
import { openWaitingDoor } from './http/waitingDoor.ts';

export interface OneWriterOptions {
  gateway: Gateway;
  namespace: string;
  /** Where to answer meanwhile. */
  http: { host: string; port: number };
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
 * while a node is lost, and two writers would overwrite each other's runs. Until then it answers `/healthz` alone.
 *
 * When the right to write is lost later, this process ends at once.
 */
export async function becomeWriter(options: OneWriterOptions): Promise<HeldLease> {
  const { log } = options;
  let door: Promise<WaitingDoor> | undefined;
  const held = await holdLease(
    leaseOf(options.gateway, options.namespace, 'nkvm', RENEW_LIMIT_MS),
    {
      holder: hostname(), // the pod's name
      durationMs: DURATION_MS,
      everyMs: EVERY_MS,
      now: () => performance.now(),
      onWait(why) {
        log.warn({}, `NKVM waits for its turn to write the history: ${why}`);
        door ??= openWaitingDoor(options.http);
        door.then(open => open.say(`NKVM waits for its turn to write the history: ${why}`));
      },
      onLost(why) {
        log.fatal({}, `NKVM ends, because another one may write the history now: ${why}`);
        process.exit(1);
      },
    }
  );
  await (await door)?.close();
  return held;
}
