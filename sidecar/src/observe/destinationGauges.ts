import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { DestinationState } from '../../api/index.ts';

/** Facts about a destination for the metrics. */
export interface SeenDestination {
  name: string;
  state: DestinationState;
  lastProvenAt: string | null;
  archives: number | null;
  bytes: number | null;
  freeBytes: number | null;
}

/** One series for each destination. An unknown value has none: a zero would be wrong. */
export function registerDestinationGauges(
  registry: Registry,
  destinations: () => readonly SeenDestination[]
): void {
  const gauge = (
    name: string,
    help: string,
    value: (destination: SeenDestination) => number | null
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['destination'],
      registers: [registry],
      collect() {
        this.reset();
        for (const destination of destinations()) {
          const seen = value(destination);
          if (seen !== null) this.set({ destination: destination.name }, seen);
        }
      },
    });
  gauge(
    'nkvm_destination_up',
    'Whether a destination worked when it was last used or looked at, which is at least every 5 minutes; not used yet: no series',
    ({ state }) => (state === 'unknown' ? null : Number(state === 'ready'))
  );
  gauge(
    'nkvm_destination_paused',
    '1 while nothing is sent to a destination, because it failed several times in a row',
    ({ state }) => Number(state === 'paused')
  );
  gauge(
    'nkvm_destination_last_proven_timestamp_seconds',
    'When an archive at a destination was last proven; never: no series',
    ({ lastProvenAt }) => (lastProvenAt === null ? null : Date.parse(lastProvenAt) / 1000)
  );
  gauge(
    'nkvm_destination_archives',
    'Archives at a destination when it was last listed to the end',
    ({ archives }) => archives
  );
  gauge(
    'nkvm_destination_bytes',
    'Bytes of the archives at a destination when it was last listed to the end',
    ({ bytes }) => bytes
  );
  gauge(
    'nkvm_destination_free_bytes',
    'Bytes that can still be stored at a destination; the storage does not say: no series',
    ({ freeBytes }) => freeBytes
  );
}
