import { NKVM_NAMESPACE, NKVM_SERVICE, proxiedService } from '../../sidecar/api/names.ts';
import { CachedAnswer } from './clients/send';
import { CutOff } from './clients/wholeAnswer';
import { type Failure, failureOf } from './failure';
import { LoginPage } from './session/loginPage';
import { TokenRefused } from './session/token';

/** A right in the words of `kubectl auth can-i`. */
export interface MissingRight {
  verb: string;
  resource: string;
  subresource: string;
  name: string;
  namespace: string;
}

/** Why a view does not have what it asked for. Every page decides by `kind`, and by nothing else. */
export type Trouble =
  /** This cluster has no sidecar. */
  | { kind: 'absent' }
  /** A right is missing on the way to the sidecar. */
  | { kind: 'noRight'; right: MissingRight }
  /** The ServiceAccount whose token is wanted does not exist. */
  | { kind: 'noAccount'; namespace: string; account: string }
  /** The session of Headlamp itself has ended. */
  | { kind: 'loggedOut' }
  /** The session of a login proxy in front of Headlamp has ended. */
  | { kind: 'loginPage' }
  /** The sidecar does not accept the token. */
  | { kind: 'unauthorised'; message: string }
  | { kind: 'unreachable'; message: string }
  /** There is a pod, and the API server has no way to its address. */
  | { kind: 'noWay'; message: string }
  /** No answer came, not even of Headlamp. */
  | { kind: 'offline' }
  /** Only the beginning of an answer came. */
  | { kind: 'cutOff' }
  /** Headlamp answered from its cache, perhaps with another person's data. */
  | { kind: 'cached' }
  /** The sidecar says that a right is missing. */
  | { kind: 'denied'; message: string }
  | { kind: 'notFound'; message: string }
  | { kind: 'failed'; message: string };

/** A token that could not be had. */
export interface NoToken extends Failure {
  namespace: string;
  account: string;
}

/**
 * Classifies whatever a request to the sidecar threw. Where no token could be had, the sidecar's answer without one
 * (the door) tells whether there is a sidecar that wants one.
 *
 * | answer                                        | token | kind         |
 * | --------------------------------------------- | ----- | ------------ |
 * | a page in place of an answer                  | any   | loginPage    |
 * | the beginning of one                          | any   | cutOff       |
 * | 404 of the API server for the Service         | any   | absent       |
 * | 403 of the API server for the proxy           | any   | noRight      |
 * | 401                                           | 401   | loggedOut    |
 * | 401                                           | 403   | noRight      |
 * | 401                                           | 404   | noAccount    |
 * | 401                                           | other | unauthorised |
 * | 401 `Unauthorized` of the API server          | had   | loggedOut    |
 * | 401                                           | had   | unauthorised |
 * | 403                                           | had   | denied       |
 * | 404                                           | had   | notFound     |
 * | none: the browser reached no server           | any   | offline      |
 * | 5xx: the API server could not connect         | any   | noWay        |
 * | 502, 504, 408, 503 of the API server          | any   | unreachable  |
 * | anything else                                 | any   | failed       |
 */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof CachedAnswer) return { kind: 'cached' };
  if (error instanceof LoginPage) return { kind: 'loginPage' };
  if (error instanceof CutOff) return { kind: 'cutOff' };
  if (error instanceof TokenRefused) {
    // Without a look at the door there is supposed to be a sidecar, which wants a token.
    return troubleAfter(error.door ?? { status: 401, message: error.message }, error);
  }
  return troubleAfter(failureOf(error));
}

export function troubleAfter({ status, message }: Failure, noToken?: NoToken): Trouble {
  if (status === 404 && isAboutService(message)) return { kind: 'absent' };
  if (status === 403 && (noToken || ABOUT_PROXY.test(message))) {
    return { kind: 'noRight', right: proxyRight(message) };
  }
  if (status === 502 && message === NO_ANSWER) return { kind: 'offline' };
  if (status >= 500 && isAboutWay(message)) return { kind: 'noWay', message };
  if ([408, 502, 504].includes(status) || (status === 503 && isOfApiServer(message))) {
    return { kind: 'unreachable', message };
  }
  if (status === 401 && (noToken ? noToken.status === 401 : message === 'Unauthorized')) {
    return { kind: 'loggedOut' };
  }
  if (status === 401 && noToken?.status === 403) {
    return { kind: 'noRight', right: tokenRight(noToken) };
  }
  if (status === 401 && noToken?.status === 404) {
    const { namespace, account } = noToken;
    return { kind: 'noAccount', namespace, account };
  }
  if (status === 401) return { kind: 'unauthorised', message: noToken?.message ?? message };
  if (status === 403) return { kind: 'denied', message };
  // Without a token this is Headlamp that does not know the cluster, or another server at the sidecar's port.
  if (status === 404) return { kind: noToken ? 'unreachable' : 'notFound', message };
  return { kind: 'failed', message };
}

/** Whether a request may have been carried out although it failed: it was sent, and its answer did not come. */
export function isInDoubt(trouble: Trouble): boolean {
  switch (trouble.kind) {
    case 'cutOff':
    case 'offline':
      return true;
    case 'unreachable':
    case 'noWay':
      return !WAS_NOT_SENT.test(trouble.message);
    default:
      return false;
  }
}

/** The API server's words where it had no connection to the sidecar yet. */
const WAS_NOT_SENT =
  /no endpoints available|dial tcp|connection refused|address is not allowed|no agent available/i;

/** The sidecar never says this of a Service. */
const isAboutService = (message: string): boolean => /^services "[^"]+" not found$/.test(message);
const ABOUT_PROXY = /^services "([^"]+):http" is forbidden/;
/** ApiProxy's words where the browser got no answer at all. */
const NO_ANSWER = 'Unreachable';
/**
 * The API server's words where it could not connect to the pod (k8s.io/apimachinery `proxy` and `net`, konnectivity, k3s).
 * A connection that is refused reached the pod: it is starting.
 */
const isAboutWay = (message: string): boolean =>
  /error trying to reach service|proxy error from|address is not allowed|no agent available/i.test(
    message
  ) && !/connection refused/i.test(message);
/** The sidecar's own 503, e.g. while it starts, says what is wrong and what to do. */
const isOfApiServer = (message: string): boolean =>
  /^(no endpoints available|error trying to reach service|HTTP 503|Service Unavailable|Timeout)/i.test(
    message
  );

/** @param message of the API server, which names the Service and its namespace. */
const proxyRight = (message: string): MissingRight => ({
  verb: 'get',
  resource: 'services',
  subresource: 'proxy',
  name: proxiedService(ABOUT_PROXY.exec(message)?.[1] ?? NKVM_SERVICE),
  namespace: / in the namespace "([^"]+)"/.exec(message)?.[1] ?? NKVM_NAMESPACE,
});

const tokenRight = ({ account, namespace }: NoToken): MissingRight => ({
  verb: 'create',
  resource: 'serviceaccounts',
  subresource: 'token',
  name: account,
  namespace,
});

/** @returns the command that asks the API server whether the caller has the right. */
export const canI = ({ verb, resource, subresource, name, namespace }: MissingRight): string =>
  `kubectl auth can-i ${verb} ${resource}/${name} --subresource=${subresource} -n ${namespace}`;
