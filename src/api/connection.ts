import { type Client, createClient } from './client';
import { failureOf } from './failure';
import { callSidecar, mintIn, sendTo } from './send';
import { type Sidecar, sidecarAfter } from './sidecar';
import { createTokens, TokenRefused } from './token';

/** The sidecar of one cluster. */
export interface Connection {
  client: Client;
  /**
   * Finds out what there is to talk to. Never throws.
   *
   * @param namespaces at hand: a plain user may be known in some of them.
   * @returns `ready` when it is for one of them, else what the first of them gives.
   */
  look(namespaces: string[]): Promise<Sidecar>;
  /** Forgets tokens and refusals, before somebody tries again. */
  reset(): void;
}

function connect(cluster: string): Connection {
  const tokens = createTokens(mintIn(cluster));
  const client = createClient(sendTo(cluster, tokens));

  async function lookFrom(namespace?: string): Promise<Sidecar> {
    try {
      return { state: 'ready', info: await client.info(namespace) };
    } catch (error) {
      if (!(error instanceof TokenRefused)) return sidecarAfter(failureOf(error));
      // No token: but is there a sidecar that wants one? A cluster without NKVM has no ServiceAccount either.
      return callSidecar(cluster, { path: '/api/v1/info' }).then(
        () => ({ state: 'unauthorised', message: error.message }),
        door => sidecarAfter(failureOf(door), error)
      );
    }
  }

  return {
    client,
    reset: tokens.reset,
    async look([first, ...others]) {
      const found = await lookFrom(first);
      for (const namespace of others) {
        if (found.state !== 'forbidden' && found.state !== 'noAccount') break;
        const other = await lookFrom(namespace);
        if (other.state === 'ready') return other;
      }
      return found;
    },
  };
}

/** Tokens live as long as the page: one connection for each cluster, whatever view asks for it. */
const connections = new Map<string, Connection>();

export function connectionTo(cluster: string): Connection {
  const known = connections.get(cluster) ?? connect(cluster);
  connections.set(cluster, known);
  return known;
}
