import { badRequest, Failure, notFound, unavailable } from '../store/failure.ts';
import { kindNamed } from '../store/kinds.ts';
import type { EndpointSlice, Pod, Service } from '../store/object.ts';
import type { Store } from '../store/store.ts';

const SERVICES = kindNamed('services');
const SLICES = kindNamed('endpointslices.discovery.k8s.io');
const PODS = kindNamed('pods');

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Where a request through the proxy goes. */
export interface Backend {
  protocol: 'http:' | 'https:';
  host: string;
  port: number;
}

/** @returns the parts of `[scheme:]name[:port]`; undefined when it is none. */
function splitName(id: string): { scheme: string; name: string; port: string } | undefined {
  const parts = id.split(':');
  const [scheme, name, port] =
    parts.length === 3 ? parts : parts.length === 2 ? ['', ...parts] : ['', id, ''];
  const isKnown = ['', 'http', 'https'].includes(scheme ?? '');
  return isKnown && parts.length <= 3 && name ? { scheme: scheme!, name, port: port! } : undefined;
}

/**
 * Finds one endpoint of a Service (pkg/registry/core/service/storage/storage.go, ResourceLocation).
 * @param id as in the path, e.g. `nkvm:http`.
 * @throws Failure 400, 404 or 503 in the API server's words.
 */
export function serviceBackend(store: Store, namespace: string, id: string): Backend {
  const parts = splitName(id);
  if (!parts) throw badRequest(`invalid service request "${id}"`);
  const { scheme, name } = parts;
  const service = store.get<Service>(SERVICES, namespace, name);
  const slices = store
    .list<EndpointSlice>(SLICES, namespace)
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === name);
  let port = parts.port;
  if (/^\d+$/.test(port)) {
    const numbered = service?.spec.ports?.find(each => each.port === Number(parts.port));
    if (service && !numbered)
      throw unavailable(`no service port ${port} found for service "${name}"`);
    port = numbered?.name ?? '';
  }
  if (!service || slices.length === 0) throw notFound(SERVICES, name);

  const ready = slices.flatMap(slice =>
    (slice.endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .map(({ addresses }) => ({ host: addresses[0]!, slice }))
  );
  if (ready.length === 0) throw unavailable(`no endpoints available for service "${name}"`);
  const found = ready.flatMap(({ host, slice }) => {
    const served = slice.ports?.find(each => (each.name ?? '') === port);
    return served?.port === undefined ? [] : [{ host, port: served.port }];
  });
  const chosen = found[Math.floor(Math.random() * found.length)];
  if (!chosen) throw unavailable(`no endpoints available for service "${id}"`);
  return { protocol: scheme === 'https' ? 'https:' : 'http:', ...chosen };
}

/** @param id `[scheme:]name[:port]` of a pod. @throws Failure 400 or 404. */
export function podBackend(store: Store, namespace: string, id: string): Backend {
  const parts = splitName(id);
  if (!parts) throw badRequest(`invalid pod request "${id}"`);
  const pod = store.get<Pod>(PODS, namespace, parts.name);
  if (!pod) throw notFound(PODS, parts.name);
  const port = Number(parts.port || (pod.spec.containers[0]?.ports?.[0]?.containerPort ?? 80));
  if (!pod.status.podIP)
    throw new Failure(503, 'ServiceUnavailable', `pod ${parts.name} has no address`);
  return { protocol: parts.scheme === 'https' ? 'https:' : 'http:', host: pod.status.podIP, port };
}
