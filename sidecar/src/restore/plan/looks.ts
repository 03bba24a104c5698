/** Helpers that look into claims for plans: nobody has asked for a run, so the history does not know them. */
export interface Looks {
  /** @returns an id for the helper of one look. */
  begin(namespace: string): string;
  end(id: string): void;
  has(id: string): boolean;
  /** @returns a look under way as a run under way, so that its helper pod is known as ours. */
  get(id: string): { namespace: string; status: string } | undefined;
}

/** @param newId gives what no run and no other look has */
export function looksOf(newId: () => string): Looks {
  const underWay = new Map<string, string>();
  return {
    begin(namespace) {
      const id = newId();
      underWay.set(id, namespace);
      return id;
    },
    end: id => void underWay.delete(id),
    has: id => underWay.has(id),
    get(id) {
      const namespace = underWay.get(id);
      return namespace === undefined ? undefined : { namespace, status: 'running' };
    },
  };
}
