import type { RetentionHold } from '../../../api/index.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { Log } from '../../log.ts';
import type { ProtectionSummary } from '../../observe/protectionGauges.ts';
import type { Coverage } from './coverage.ts';
import { summaryOf } from './summary.ts';

/** The protection of all volumes, looked at now and then. */
export interface WatchedCoverage {
  /** @returns undefined while it is not known, and when the newest look is too old */
  latest(): ProtectionSummary | undefined;
  /** Looks now. Never rejects. */
  look(): Promise<void>;
  stop(): void;
}

export interface WatchOptions {
  coverage: Pick<Coverage, 'ofEach'>;
  inventory: Pick<Inventory, 'isReady' | 'claims'>;
  log: Pick<Log, 'error'>;
  /** Held plans of all volumes, by the kind of the hold. Lists do not have those of all volumes at once. */
  holds?: (() => ReadonlyMap<RetentionHold['kind'], number>) | undefined;
  /** In milliseconds. */
  now?: () => number;
  everyMs?: number;
}

const EVERY_MS = 60_000;

/** Looks that a summary outlives. */
const COUNTS_FOR = 5;

export function watchCoverage(options: WatchOptions): WatchedCoverage {
  const { coverage, inventory, log, now = () => performance.now(), everyMs = EVERY_MS } = options;
  let known: { summary: ProtectionSummary; at: number } | undefined;
  let looking: Promise<void> | undefined;

  const lookOnce = async (): Promise<void> => {
    if (!inventory.isReady()) return; // an incomplete list would look as if volumes were gone
    try {
      const summary = summaryOf(await coverage.ofEach(inventory.claims()));
      const holds = options.holds?.();
      known = {
        summary: holds ? { ...summary, holds: Object.fromEntries(holds) } : summary,
        at: now(),
      };
    } catch (error) {
      log.error({ err: error }, 'the protection of the volumes could not be determined');
    }
  };
  const look = () => (looking ??= lookOnce().finally(() => (looking = undefined)));
  void look();
  const timer = setInterval(look, everyMs).unref();
  return {
    latest: () =>
      known && inventory.isReady() && now() - known.at < COUNTS_FOR * everyMs
        ? known.summary
        : undefined,
    look,
    stop: () => clearInterval(timer),
  };
}
