import type { V1Secret } from '@kubernetes/client-node';
import { DESTINATION_LABEL } from '../../../api/index.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';
import type { WatchLimits, WatchLog } from '../watch/watchCache.ts';
import { WatchCache } from '../watch/watchCache.ts';

/** A Secret that configures a destination. */
export interface DestinationSecret {
  name: string;
  /** The value of the label; any text. */
  kind: string;
  /** The texts of its keys; null for what is not UTF-8. Never to be shown. */
  data: Readonly<Record<string, string | null>>;
  annotations: Readonly<Record<string, string>>;
}

/** The Secrets with the label of a destination, from a watch of NKVM's own namespace. */
export interface DestinationSecrets {
  /** Resolves when they are known, or when the API server refuses to list them. */
  readonly firstAnswer: Promise<void>;
  all(): DestinationSecret[];
  /** @returns why they cannot be read now, as a sentence; what is known of them may be old. */
  problem(): string | undefined;
  /** Calls `listener` after each change. @returns what ends that. */
  onChange(listener: () => void): () => void;
  stop(): Promise<void>;
}

/** RBAC cannot limit a list to a label: the right is for all Secrets of the namespace, the request for these. */
export function watchDestinationSecrets(
  gateway: Pick<Gateway, 'json' | 'stream'>,
  { namespace, log, limits }: { namespace: string; log: WatchLog; limits?: WatchLimits }
): DestinationSecrets {
  const cache = new WatchCache<Raw<V1Secret>, DestinationSecret>(
    gateway,
    {
      name: 'secrets of destinations',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`,
      query: { labelSelector: DESTINATION_LABEL },
      remedy: `apply Role nkvm-destinations in namespace ${namespace}`,
      project: secretOf,
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

/** A server that ignores the selector must not make every Secret a destination. */
function secretOf({ metadata, data }: Raw<V1Secret>): DestinationSecret | undefined {
  const kind = metadata?.labels?.[DESTINATION_LABEL];
  if (kind === undefined || !metadata?.name) return undefined;
  const texts = Object.entries(data ?? {}).map(([key, value]) => [key, textIn(value)] as const);
  const own = Object.entries(metadata.annotations ?? {}).filter(([name]) =>
    name.startsWith('nkvm.io/')
  );
  return {
    name: metadata.name,
    kind,
    data: Object.fromEntries(texts),
    annotations: Object.fromEntries(own),
  };
}

const strict = new TextDecoder('utf-8', { fatal: true });

function textIn(base64: string): string | null {
  try {
    return strict.decode(Buffer.from(base64, 'base64'));
  } catch {
    return null;
  }
}
