import type { V1Secret } from '@kubernetes/client-node';
import type { Gateway } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';
import type { WatchLimits, WatchLog } from '../watch/watchCache.ts';
import { WatchCache } from '../watch/watchCache.ts';

/** The Secrets with one label in NKVM's own namespace, as `Fact`s. */
export interface LabelledSecrets<Fact> {
  /** Resolves when they are known, or when the API server refuses to list them. */
  readonly firstAnswer: Promise<void>;
  /** @returns them by name. */
  all(): Fact[];
  /** @returns why they cannot be read now, as a sentence; what is known of them may be old. */
  problem(): string | undefined;
  /** Calls `listener` after each change. @returns what ends that. */
  onChange(listener: () => void): () => void;
  stop(): Promise<void>;
}

export interface LabelledSecretsOptions {
  namespace: string;
  log: WatchLog;
  limits?: WatchLimits | undefined;
}

/** One kind of Secret: its label, its name for people, and what is kept of it. */
export interface SecretKind<Fact> {
  label: string;
  what: string;
  /** Undefined for a Secret that has not the label: a server could ignore the selector. */
  project(secret: Raw<V1Secret>): Fact | undefined;
}

/** RBAC cannot limit a list to a label: the right is for all Secrets of the namespace, the request for these. */
export function watchLabelledSecrets<Fact extends { name: string }>(
  gateway: Pick<Gateway, 'json' | 'stream'>,
  { label, what, project }: SecretKind<Fact>,
  { namespace, log, limits }: LabelledSecretsOptions
): LabelledSecrets<Fact> {
  const cache = new WatchCache<Raw<V1Secret>, Fact>(
    gateway,
    {
      name: what,
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`,
      query: { labelSelector: label },
      remedy: `apply Role nkvm-destinations in namespace ${namespace}`,
      project,
    },
    log,
    limits
  );
  return {
    firstAnswer: cache.firstAnswer,
    all: () =>
      [...cache.facts.in(namespace)].sort((a, b) =>
        a.name < b.name ? -1 : a.name > b.name ? 1 : 0
      ),
    problem: () => cache.problem,
    onChange: listener => cache.facts.onChange(listener),
    stop: () => cache.stop(),
  };
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** @returns the value of a key of a Secret; null for what is not UTF-8. */
export function textIn(base64: string): string | null {
  try {
    return strict.decode(Buffer.from(base64, 'base64'));
  } catch {
    return null;
  }
}
