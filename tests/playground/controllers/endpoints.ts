import { SERVICE_NAME_LABEL } from '../api/serviceBackend.ts';
import type { Objects } from '../objects/objects.ts';
import { apiVersionOf, kindNamed } from '../store/kinds.ts';
import type { Draft, EndpointSlice, KubeObject, Pod, Service } from '../store/object.ts';
import { isReady } from '../store/pods.ts';
import { each, type Reconcile } from './loop.ts';
import { controllerRef, podsWith } from './owned.ts';

const SERVICES = kindNamed('services');
const SLICES = kindNamed('endpointslices.discovery.k8s.io');
const ENDPOINTS = kindNamed('endpoints');

export const ENDPOINT_WATCHES = ['services', 'pods'];

const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

/** Says where the pods of each Service with a selector can be reached, as EndpointSlice and as Endpoints. */
export const endpoints =
  (objects: Objects): Reconcile =>
  () =>
    each(objects.store.list<Service>(SERVICES), service => {
      const { namespace = '', name, deletionTimestamp } = service.metadata;
      const { selector, ports = [] } = service.spec;
      if (!selector || deletionTimestamp) return;
      const pods = podsWith(objects.store, namespace, { matchLabels: selector }).filter(
        pod => pod.status.podIP
      );
      const reached = ports.map(({ name: portName, targetPort, port, protocol }) => ({
        ...(portName && { name: portName }),
        port: numberOf(targetPort ?? port, pods[0]),
        protocol,
      }));
      const ready = pods.filter(isReady);
      const slice: Draft = {
        apiVersion: apiVersionOf(SLICES),
        kind: SLICES.kind,
        metadata: {
          name: `${name}-endpoints`,
          labels: { [SERVICE_NAME_LABEL]: name, [MANAGED_BY]: 'endpointslice-controller.k8s.io' },
          ownerReferences: [controllerRef(SERVICES, service)],
        },
        addressType: 'IPv4',
        endpoints: pods.map(pod => ({
          addresses: [pod.status.podIP],
          conditions: {
            ready: isReady(pod),
            serving: isReady(pod),
            terminating: !!pod.metadata.deletionTimestamp,
          },
          nodeName: pod.spec.nodeName,
          targetRef: refTo(pod),
        })),
        ports: reached,
      };
      put(objects, SLICES, namespace, slice);
      put(objects, ENDPOINTS, namespace, {
        metadata: { name, ownerReferences: [controllerRef(SERVICES, service)] },
        ...(ready.length && {
          subsets: [
            {
              addresses: ready.map(pod => ({
                ip: pod.status.podIP,
                nodeName: pod.spec.nodeName,
                targetRef: refTo(pod),
              })),
              ports: reached,
            },
          ],
        }),
      });
    });

/** A port may be called by the name that the container gives it. */
function numberOf(target: string | number, pod: Pod | undefined): number {
  if (typeof target === 'number') return target;
  const ports = pod?.spec.containers.flatMap(container => container.ports ?? []) ?? [];
  return ports.find(({ name }) => name === target)?.containerPort ?? 0;
}

const refTo = ({ metadata }: Pod) => ({
  kind: 'Pod',
  namespace: metadata.namespace,
  name: metadata.name,
  uid: metadata.uid,
});

function put(objects: Objects, kind: typeof SLICES, namespace: string, draft: Draft): void {
  const current = objects.store.get<EndpointSlice & KubeObject & Draft>(
    kind,
    namespace,
    draft.metadata!.name!
  );
  if (!current) return void objects.create(kind, namespace, draft);
  objects.change(kind, current, 'main', next => {
    const { metadata, ...fields } = draft;
    Object.assign(next, fields, { apiVersion: current.apiVersion, kind: current.kind });
    if (!('subsets' in fields)) delete next.subsets;
    next.metadata = { ...next.metadata, ...metadata };
  });
}
