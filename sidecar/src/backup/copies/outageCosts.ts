import type { PlaceOutage, Places } from '../../destinations/places.ts';

/** Decides which failed attempts an outage of a destination costs: one of one run, and not one for each volume. */
export interface OutageCosts {
  /** To be called when an attempt begins. @returns what decides at its end */
  begin(id: string, names: readonly string[]): AttemptCost;
}

export interface AttemptCost {
  /**
   * To be called when the attempt has failed, and nothing but its destinations is to blame.
   *
   * | every destination | the attempt |
   * | --- | --- |
   * | works, as far as is known | counts |
   * | is in an outage which no other run has paid for, and was not paused before | counts, and pays for the outage |
   * | is in an outage that another run has paid for, or was paused before: this was the trial | does not count |
   *
   * @returns why it does not count, e.g. `destination x is unavailable`; undefined: it counts.
   */
  excuse(): string | undefined;
}

export function outageCosts(places: Pick<Places, 'get'>): OutageCosts {
  /** For each destination, the last outage that was paid for, and the run that did. */
  const paid = new Map<string, { since: number; by: string }>();
  const outageOf = (name: string): PlaceOutage | undefined => places.get(name)?.outage?.();

  return {
    begin(id, names) {
      const wasPaused = new Set(names.filter(name => outageOf(name)?.isPaused));
      return {
        excuse() {
          const outages = names.flatMap(name => {
            const outage = outageOf(name);
            return outage ? [{ name, since: outage.since }] : [];
          });
          if (outages.length === 0 || outages.length < names.length) return undefined;
          const isPaid = outages.every(({ name, since }) => {
            const last = paid.get(name);
            return wasPaused.has(name) || (last?.since === since && last.by !== id);
          });
          for (const { name, since } of outages) {
            if (paid.get(name)?.since !== since) paid.set(name, { since, by: id });
          }
          return isPaid ? awayText(names) : undefined;
        },
      };
    },
  };
}

const awayText = (names: readonly string[]): string =>
  names.length === 1
    ? `destination ${names[0]} is unavailable`
    : `destinations ${names.join(', ')} are unavailable`;

/** Calls `listener` when a destination may be used again to which nothing was sent for a while. @returns what ends that. */
export function onReopened(
  places: Pick<Places, 'all' | 'onChange'>,
  listener: () => void
): () => void {
  const closedNow = () =>
    new Set(places.all().flatMap(({ name, outage }) => (outage?.()?.isClosed ? name : [])));
  let closed = closedNow();
  return places.onChange(() => {
    const before = closed;
    closed = closedNow();
    if ([...before].some(name => !closed.has(name))) listener();
  });
}
