import type { Access } from '../cluster/access.ts';

/** Which namespaces the sidecar may create helper pods in. */
export interface OpenNamespaces {
  /** Asks the API server. @throws Error when nobody could say. */
  ask(namespace: string): Promise<boolean>;
  /** What is known: an answer that is older than `maxAgeMs` is still given, and asked for again meanwhile. */
  known(namespace: string): Promise<boolean>;
}

const MAX_AGE_MS = 15_000;

/** A helper needs both: to be made, and to be talked to. */
const NEEDED = [
  { verb: 'create', group: '', resource: 'pods' },
  { verb: 'create', group: '', resource: 'pods', subresource: 'exec' },
] as const;

export function openNamespaces(
  access: Pick<Access, 'mayI'>,
  now: () => number = Date.now
): OpenNamespaces {
  const answers = new Map<string, { at: number; answer: Promise<boolean> }>();
  const ask = (namespace: string): Promise<boolean> => {
    const answer = Promise.all(NEEDED.map(action => access.mayI({ ...action, namespace }))).then(
      all => all.every(Boolean)
    );
    const before = answers.get(namespace);
    answers.set(namespace, { at: now(), answer });
    // "Could not say" is no answer: the one before stays.
    answer.catch(() => (before ? answers.set(namespace, before) : answers.delete(namespace)));
    return answer;
  };
  return {
    ask,
    known(namespace) {
      const before = answers.get(namespace);
      if (!before) return ask(namespace);
      if (now() - before.at > MAX_AGE_MS) ask(namespace).catch(() => undefined);
      return before.answer;
    },
  };
}
