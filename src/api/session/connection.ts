import { type Client, createClient } from '../clients/client';
import { confirmed, doorOf, mintIn, type Send, sendTo, whoAmIIn } from '../clients/send';
import { failureOf } from '../failure';
import { createSession, type Session } from './session';
import { createTokens, TokenRefused } from './token';

/** The sidecar of one cluster, for the person who is logged in there. */
export interface Connection {
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

/** Is called when another person has logged in to a cluster, or nobody is any more: their answers are not to be shown. */
export function onOtherPerson(listener: Listener): void {
  listeners.add(listener);
}

function connect(cluster: string): Connection {
  const tokens = createTokens(mintIn(cluster));
  const session = createSession(whoAmIIn(cluster), {
    all() {
      tokens.reset();
      listeners.forEach(each => each(cluster));
    },
    tokens: tokens.reset,
  });
  const send = sendTo(cluster, tokens, session);
  return {
    client: createClient(send),
    send,
    session,
    reset: tokens.reset,
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

/** Tokens live as long as the page, or until another person logs in: one connection for each cluster. */
const connections = new Map<string, Connection>();

export function connectionTo(cluster: string): Connection {
  const known = connections.get(cluster) ?? connect(cluster);
  connections.set(cluster, known);
  return known;
}
