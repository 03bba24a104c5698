import type { Info } from '../../sidecar/api';
import { NKVM_NAMESPACE, NKVM_SERVICE } from '../../sidecar/api/names.ts';
import type { Failure } from './failure';

/** A right in the words of `kubectl auth can-i`. */
export interface MissingRight {
  verb: string;
  resource: string;
  subresource: string;
  name: string;
  namespace: string;
}

/** The sidecar of a cluster as this user finds it. */
export type Sidecar =
  | { state: 'ready'; info: Info }
  | { state: 'absent' }
  | { state: 'forbidden'; right: MissingRight }
  /** The ServiceAccount whose token is wanted does not exist. */
  | { state: 'noAccount'; namespace: string; account: string }
  | { state: 'unauthorised'; message: string }
  | { state: 'unreachable'; message: string };

/** Why there is no token to show at the door. */
export interface NoToken extends Failure {
  namespace: string;
  account: string;
}

/**
 * Tells why the sidecar could not be asked.
 *
 * | answer to `GET info`                  | token   | state                        |
 * | ------------------------------------- | ------- | ---------------------------- |
 * | 404 of the API server for the Service | any     | absent                       |
 * | 403 (of the API server: info needs no right) | any | forbidden: the proxy        |
 * | 401                                   | 403     | forbidden: the token         |
 * | 401                                   | 404     | noAccount                    |
 * | 401                                   | other   | unauthorised                 |
 * | anything else                         | any     | unreachable                  |
 */
export function sidecarAfter(door: Failure, noToken?: NoToken): Exclude<Sidecar, { info: Info }> {
  if (door.status === 404 && isAboutService(door.message)) return { state: 'absent' };
  if (door.status === 403) return { state: 'forbidden', right: proxyRight };
  if (door.status === 401 && noToken?.status === 403) {
    return { state: 'forbidden', right: tokenRight(noToken) };
  }
  if (door.status === 401 && noToken?.status === 404) {
    const { namespace, account } = noToken;
    return { state: 'noAccount', namespace, account };
  }
  if (door.status === 401) {
    return { state: 'unauthorised', message: noToken?.message ?? door.message };
  }
  return { state: 'unreachable', message: door.message };
}

/** Other 404s: Headlamp does not know the cluster, or something else than the sidecar answers at its port. */
const isAboutService = (message: string): boolean => message === 'services "nkvm" not found';

const proxyRight: MissingRight = {
  verb: 'get',
  resource: 'services',
  subresource: 'proxy',
  name: NKVM_SERVICE,
  namespace: NKVM_NAMESPACE,
};

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
