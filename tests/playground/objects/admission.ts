import { forbidden, notFound } from '../store/failure.ts';
import { type Kind, kindNamed, resourceName } from '../store/kinds.ts';
import type {
  Claim,
  Draft,
  KubeObject,
  Namespace,
  Pod,
  Service,
  StorageClass,
} from '../store/object.ts';
import type { Store } from '../store/store.ts';

const NAMESPACES = kindNamed('namespaces');
const SERVICE_ACCOUNTS = kindNamed('serviceaccounts');
const SERVICES = kindNamed('services');
const STORAGE_CLASSES = kindNamed('storageclasses.storage.k8s.io');

/** @throws Failure 404 when the namespace is not there, 403 when it is on its way out. */
export function admitToNamespace(store: Store, kind: Kind, namespace: string, name: string): void {
  const found = store.get<Namespace>(NAMESPACES, undefined, namespace);
  if (!found) throw notFound(NAMESPACES, namespace);
  if (!found.metadata.deletionTimestamp) return;
  throw forbidden(
    kind,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]
  );
}

/**
 * What the API server's admission plugins add to a new object (ServiceAccount, DefaultTolerationSeconds,
 * DefaultStorageClass, StorageObjectInUseProtection), and the address of a Service. `object` is changed.
 * @throws Failure 403 when a pod's ServiceAccount is not there.
 */
export function admit(store: Store, kind: Kind, object: KubeObject): void {
  switch (resourceName(kind)) {
    case 'pods':
      return admitPod(store, kind, object as Pod);
    case 'persistentvolumeclaims': {
      const { spec, metadata } = object as Claim;
      spec.storageClassName ??= defaultClass(store);
      protect(metadata, 'kubernetes.io/pvc-protection');
      return;
    }
    case 'persistentvolumes':
      return protect(object.metadata, 'kubernetes.io/pv-protection');
    case 'services':
      return giveAddress(store, object as Service);
  }
}

function admitPod(store: Store, kind: Kind, { metadata, spec }: Pod): void {
  spec.serviceAccountName ??= 'default';
  spec.serviceAccount = spec.serviceAccountName;
  const { namespace = '', name } = metadata;
  if (!store.get(SERVICE_ACCOUNTS, namespace, spec.serviceAccountName)) {
    const account = spec.serviceAccountName;
    throw forbidden(
      kind,
      name,
      `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`
    );
  }
  const tolerations = spec.tolerations ?? [];
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    if (tolerations.some(each => (each.key ?? key) === key && each.effect !== 'NoSchedule'))
      continue;
    tolerations.push({ effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: 300 });
  }
  spec.tolerations = tolerations;
}

function defaultClass(store: Store): string | undefined {
  return store
    .list<StorageClass>(STORAGE_CLASSES)
    .find(
      ({ metadata }) =>
        metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
    )?.metadata.name;
}

function protect(metadata: NonNullable<Draft['metadata']>, finalizer: string): void {
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), finalizer])];
}

function giveAddress(store: Store, { spec }: Service): void {
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None') return;
  const taken = new Set(store.list<Service>(SERVICES).map(service => service.spec.clusterIP));
  for (let last = 1; spec.clusterIP === undefined; last += 1) {
    const address = `10.96.${last >> 8}.${last & 255}`;
    if (!taken.has(address)) spec.clusterIP = address;
  }
  spec.clusterIPs ??= [spec.clusterIP];
}
