import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';
import {
  RUNNER_SERVICE_ACCOUNT,
  SIDECAR_LABELS,
  TOKEN_HEADER,
} from '../../../sidecar/api/names.ts';
import { unique } from '../clients/send';
import { failureOf } from '../failure';
import { type Trouble, troubleOf } from '../trouble';
import { expectNoPage, orLoginPage } from './loginPage';
import { type Place, type PlaceChoice, proxyPathOf } from './place';

/**
 * Whether the cluster gives ServiceAccount `nkvm-runner` of a namespace the right to check tokens, as deploy/k8s does. Only
 * a cluster administrator can: the owner of a namespace can make a Service that looks like NKVM, but not this binding.
 * `unknown` where the person may not read ClusterRoleBindings.
 */
export type Vouched = 'yes' | 'no' | 'unknown';

/** A Service with the labels of NKVM. */
export interface FoundPlace extends PlaceChoice {
  vouched: Vouched;
}

interface Item {
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
}
interface Service extends Item {
  spec?: { ports?: { name?: string; appProtocol?: string }[] };
}
interface Binding extends Item {
  roleRef: { name: string };
  subjects?: { kind: string; name: string; namespace?: string }[];
}

const list = async <T extends Item>(
  cluster: string,
  path: string,
  query?: Record<string, string>
): Promise<T[]> => {
  const answer = await ApiProxy.clusterRequest(
    path,
    { cluster, autoLogoutOnAuthError: false },
    query
  );
  return answer.items ?? [];
};

/**
 * Looks for NKVM in all namespaces of a cluster. Nothing is sent to what is found, and it is not used before a person has
 * chosen it.
 *
 * @throws Error{status} as ApiProxy throws it, 403 for those who may not list Services in all namespaces.
 */
export async function findPlaces(cluster: string): Promise<FoundPlace[]> {
  const labels = Object.entries(SIDECAR_LABELS);
  const labelSelector = labels.map(label => label.join('=')).join(',');
  const services = await list<Service>(cluster, '/api/v1/services', { labelSelector });
  const found = services
    // Headlamp's cache, where it is on, gives the answer to another selector.
    .filter(({ metadata }) => labels.every(([key, value]) => metadata.labels?.[key] === value))
    .map(service => ({
      namespace: service.metadata.namespace ?? '',
      service: proxyNameOf(service),
    }));
  if (found.length === 0) return [];
  const vouched = await voucherIn(cluster);
  return found.map(each => ({ ...each, vouched: vouched(each.namespace) }));
}

/** @returns the name that the service proxy takes: with `https:` before it where the port of NKVM says that it takes HTTPS. */
const proxyNameOf = ({ metadata: { name }, spec }: Service): string =>
  spec?.ports?.some(port => port.name === 'http' && port.appProtocol === 'https')
    ? `https:${name}`
    : name;

/** @returns what the cluster says of NKVM in a namespace. */
async function voucherIn(cluster: string): Promise<(namespace: string) => Vouched> {
  try {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    const runners = (await list<Binding>(cluster, path))
      .filter(({ roleRef }) => roleRef.name === 'system:auth-delegator')
      .flatMap(({ subjects = [] }) => subjects)
      .filter(({ kind, name }) => kind === 'ServiceAccount' && name === RUNNER_SERVICE_ACCOUNT)
      .map(({ namespace }) => namespace);
    return namespace => (runners.includes(namespace) ? 'yes' : 'no');
  } catch {
    return () => 'unknown';
  }
}

/** What is at a place. */
export type PlaceCheck =
  | { kind: 'answers'; vouched: Vouched }
  /** Something answers, but not as NKVM does. */
  | { kind: 'other' }
  | { kind: 'trouble'; trouble: Trouble };

/** Asks a place whether NKVM answers there, without a token. */
export async function checkPlace(place: Place): Promise<PlaceCheck> {
  try {
    expectNoPage(
      await ApiProxy.clusterRequest(proxyPathOf(place) + unique('/api/v1/info'), {
        cluster: place.cluster,
        isJSON: false,
        autoLogoutOnAuthError: false,
      })
    );
    return { kind: 'other' };
  } catch (thrown) {
    const error = orLoginPage(thrown);
    const { status, message } = failureOf(error);
    if (status === 401 && message.includes(TOKEN_HEADER)) {
      const vouched = await voucherIn(place.cluster);
      return { kind: 'answers', vouched: vouched(place.namespace) };
    }
    const trouble = troubleOf(error);
    const isOther = ['unauthorised', 'denied', 'notFound', 'failed'].includes(trouble.kind);
    return isOther ? { kind: 'other' } : { kind: 'trouble', trouble };
  }
}
