import { NKVM_NAMESPACE } from '../../../sidecar/api/names.ts';
import { allowedNamespaces } from '../../volumes/namespacesAtHand';
import { type Client, createClient } from '../clients/client';
import { confirmed, doorOf, mintIn, type Send, sendTo, whoAmIIn } from '../clients/send';
import { isOfHeadlamp, partsOf } from '../clusterRef';
import { failureOf } from '../failure';
import { placeOf } from './place';
import { createSession, type Session } from './session';
import { createTokens, TokenRefused } from './token';

/** The sidecar of one cluster, for the person who is logged in there. */
export interface Connection {
  /** The cluster that the sidecar is asked about, where that is not its own. */
  cluster?: string;
  client: Client;
  /** For the calls that `client` does not have. */
  send: Send;
  session: Session;
  /**
   * Whether one question is enough for all namespaces.
   *
   * @throws what the request for a token threw, where it is not a refusal.
   */
  isAdministrator(): Promise<boolean>;
  /** Forgets tokens and refusals, before somebody tries again. */
  reset(): void;
}

type Listener = (cluster: string) => void;
const listeners = new Set<Listener>();

/**
 * Is called when another person has logged in to a cluster, or nobody is any more, or when another NKVM is to be asked:
 * the answers from before are not to be shown.
 */
export function onOtherPerson(listener: Listener): void {
  listeners.add(listener);
}

function connect(cluster: string): Connection {
  const tokens = createTokens(mintIn(cluster), () => {
    const { as, namespace } = placeOf(cluster);
    // In a cluster where NKVM itself does not run, deploy/k8s/remote has the administrator's account.
    return as ? NKVM_NAMESPACE : namespace;
  });
  const session = createSession(whoAmIIn(cluster), {
    all() {
      tokens.reset();
      listeners.forEach(each => each(cluster));
    },
    tokens: tokens.reset,
  });
  const send = sendTo(cluster, tokens, session);
  return {
    get cluster() {
      return placeOf(cluster).as;
    },
    client: createClient(send, () => placeOf(cluster).as),
    ...{ send, session, reset: tokens.reset },
    async isAdministrator() {
      try {
        await confirmed(tokens, session);
        return true;
      } catch (error) {
        if (failureOf(error).status === 403) return false;
        if (error instanceof TokenRefused) error.door ??= await doorOf(cluster);
        throw error;
      }
    },
  };
}

/**
 * The same sidecar and person, asked about another cluster. What a person may do there is a right in the sidecar's own cluster, so that a
 * plain user's token is minted where that person works there, whatever namespace a request is about.
 */
function about(cluster: string, home: string): Connection {
  const { send: sendHome, session, reset, isAdministrator } = connectionTo(home);
  const send: Send = request => sendHome({ ...request, namespace: allowedNamespaces(home)[0] });
  return {
    ...{ cluster, send, session, reset },
    client: createClient(send, () => cluster),
    async isAdministrator() {
      // The same right counts in all of its namespaces, so that one question is enough for everybody.
      await isAdministrator();
      return true;
    },
  };
}

/** The cluster's NKVM is to be looked for somewhere else than before: nothing of the former one is kept. */
export function placeChanged(cluster: string): void {
  connections.get(cluster)?.reset();
  listeners.forEach(each => each(cluster));
}

/** @returns the clusters of Headlamp whose NKVM has been asked since the page was loaded. */
export const connectedClusters = (): string[] => [...connections.keys()].filter(isOfHeadlamp);

/** Tokens live as long as the page, or until another person logs in: one connection for each cluster. */
const connections = new Map<string, Connection>();

export function connectionTo(cluster: string): Connection {
  const { home, name } = partsOf(cluster);
  const known =
    connections.get(cluster) ?? (name === undefined ? connect(home) : about(name, home));
  connections.set(cluster, known);
  return known;
}
