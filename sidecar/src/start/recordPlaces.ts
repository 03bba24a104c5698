import type { AuditActor } from '../../api/index.ts';
import type { AuditTrail } from '../history/audit/auditTrail.ts';

/** A destination, as far as a change of its Secret shows. */
export interface SeenPlaces {
  all(): readonly { name: string }[];
  status(name: string): { version: number } | undefined;
  onChange(listener: () => void): unknown;
}

/**
 * Records that a Secret of a destination was added, changed or deleted while NKVM runs. Its author is not known here: the audit
 * log of the API server has the name.
 */
export function recordPlaces(places: SeenPlaces, trail: AuditTrail): void {
  const read = () =>
    new Map(places.all().map(({ name }) => [name, places.status(name)?.version ?? 0]));
  let before = read();
  places.onChange(() => {
    const now = read();
    const tell = (destination: string, what: string) =>
      void trail.record(
        { action: 'destination.change', actor: UNKNOWN, destination },
        { result: 'success', detail: `its Secret was ${what}` }
      );
    for (const [name, version] of now) {
      if (!before.has(name)) tell(name, 'added');
      else if (before.get(name) !== version) tell(name, 'changed');
    }
    for (const name of before.keys()) if (!now.has(name)) tell(name, 'deleted');
    before = now;
  });
}

const UNKNOWN: AuditActor = {
  kind: 'unknown',
  name: null,
  uid: null,
  groups: [],
  credential: null,
};
