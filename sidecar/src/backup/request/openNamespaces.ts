import type { Scope } from '../../../api/index.ts';
import type { Access } from '../../cluster/gateway/access.ts';
import { type Lane, lane } from '../../cluster/gateway/lane.ts';

/**
 * Whether the sidecar may create helper pods in a namespace. `unselected`: the API server lets it, and NKVM_NAMESPACE_SELECTOR does
 * not; `unknown` while the API server does not say.
 */
export type IsOpen = boolean | 'unselected' | 'unknown';

/** Which namespaces the sidecar may create helper pods in. Neither question ever fails. */
export interface OpenNamespaces {
  /** Asks the API server. When it does not say, an answer that is some minutes old still counts. */
  ask(namespace: string): Promise<IsOpen>;
  /**
   * The last answer, at once; one that is old is asked for again meanwhile. Only the first answer of a namespace is
   * waited for, and not for long.
   */
  known(namespace: string): Promise<IsOpen>;
  /** Where the sidecar may create helper pods at all. */
  scope(): Promise<Scope>;
}

export interface OpenNamespacesOptions {
  now?: () => number;
  /** How long the first answer is waited for. */
  patienceMs?: number;
  /** Whether a right in all namespaces counts for this one, by what its labels are now. Absent: it counts for all. */
  isSelected?: ((namespace: string) => boolean) | undefined;
}

const MAX_AGE_MS = 15_000;
const STILL_COUNTS_MS = 5 * 60_000;
const PATIENCE_MS = 2_000;
/** Nobody has looked at the namespace for so long: it may be gone. */
const FORGET_MS = 5 * 60_000;

/** Namespaces asked about at once. Fewer than the reviews that the gateway lets through: callers have questions, too. */
const AT_ONCE = 3;

/** A helper needs both: to be made, and to be talked to. */
const NEEDED = [
  { verb: 'create', group: '', resource: 'pods' },
  { verb: 'create', group: '', resource: 'pods', subresource: 'exec' },
] as const;

/** Where the right is from that the sidecar has in a namespace; false: it has none. */
type Right = 'cluster' | 'namespace' | false;

interface Entry {
  answer: Right | undefined;
  answeredAt: number;
  lookedAt: number;
  /** The question under way; equal ones are one. */
  asking: Promise<IsOpen> | undefined;
}

export function openNamespaces(
  access: Pick<Access, 'mayI'>,
  { now = Date.now, patienceMs = PATIENCE_MS, isSelected }: OpenNamespacesOptions = {}
): OpenNamespaces {
  const entries = new Map<string, Entry>();
  const places: Lane = lane(AT_ONCE);
  const never = new AbortController().signal;
  let everywhere: { answer: boolean; at: number } | undefined;
  let forgotAt = now();

  /** A second question only after a "yes" to the first one: most namespaces of a cluster are not open. */
  const isAllowed = async (where: { namespace?: string }): Promise<boolean> => {
    for (const action of NEEDED) if (!(await access.mayI({ ...action, ...where }))) return false;
    return true;
  };
  /** A caller with the right in all namespaces needs no question for each of them. */
  const isAllowedEverywhere = async (): Promise<boolean> => {
    if (!everywhere || now() - everywhere.at > MAX_AGE_MS) {
      const at = now();
      everywhere = { answer: await isAllowed({}), at };
    }
    return everywhere.answer;
  };

  const entryOf = (namespace: string): Entry => {
    const entry = entries.get(namespace) ?? {
      answer: undefined,
      answeredAt: -Infinity,
      lookedAt: 0,
      asking: undefined,
    };
    entry.lookedAt = now();
    entries.set(namespace, entry);
    return entry;
  };
  const forgetOld = (): void => {
    if (now() - forgotAt < FORGET_MS) return;
    forgotAt = now();
    for (const [namespace, { lookedAt }] of entries) {
      if (now() - lookedAt > FORGET_MS) entries.delete(namespace);
    }
  };
  /** Labels are read each time: a namespace is closed as soon as its label is removed. */
  const isOpenBy = (right: Right, namespace: string): IsOpen => {
    if (right !== 'cluster') return right === 'namespace';
    return isSelected?.(namespace) === false ? 'unselected' : true;
  };
  const lastOf = ({ answer, answeredAt }: Entry, namespace: string): IsOpen =>
    answer !== undefined && now() - answeredAt < STILL_COUNTS_MS
      ? isOpenBy(answer, namespace)
      : 'unknown';

  const ask = (namespace: string): Promise<IsOpen> => {
    const entry = entryOf(namespace);
    const question = async (): Promise<IsOpen> => {
      const leave = await places.enter(never);
      try {
        const at = now();
        entry.answer = (await isAllowedEverywhere())
          ? 'cluster'
          : (await isAllowed({ namespace })) && 'namespace';
        entry.answeredAt = at;
        return isOpenBy(entry.answer, namespace);
      } catch {
        return lastOf(entry, namespace);
      } finally {
        leave();
        entry.asking = undefined;
      }
    };
    return (entry.asking ??= question());
  };

  return {
    ask,
    async known(namespace) {
      forgetOld();
      const entry = entryOf(namespace);
      if (entry.answer === undefined) return await within(patienceMs, ask(namespace));
      // The more namespaces there are, the less often each is asked about: 10 in a second at most.
      if (now() - entry.answeredAt > Math.max(MAX_AGE_MS, entries.size * 100)) void ask(namespace);
      return lastOf(entry, namespace);
    },
    async scope() {
      try {
        if (!(await isAllowedEverywhere())) return 'namespaces';
        return isSelected ? 'selector' : 'cluster';
      } catch {
        return 'unknown';
      }
    },
  };
}

async function within(ms: number, answer: Promise<IsOpen>): Promise<IsOpen> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<IsOpen>(resolve => (timer = setTimeout(resolve, ms, 'unknown')));
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
