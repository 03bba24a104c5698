import type { RestoreTarget } from '../../../api/index.ts';
import type { StoredManifest } from '../../archive/manifest.ts';
import { bytesOf } from '../../cluster/limits/quantity.ts';

/** How the claim of a restore will look. */
export interface ClaimWish {
  /** A Kubernetes quantity; null: neither the request nor the archive says. */
  size: string | null;
  /** Undefined: the default class of the cluster. */
  storageClass: string | undefined;
  accessModes: string[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/**
 * Annotations that say how the old claim was bound, filled or deployed. On a new one they mean nothing, or harm: an importer
 * fills its volume once more, a deployment tool takes it for its own and deletes it.
 *
 * | annotation | whose |
 * | --- | --- |
 * | `*.kubernetes.io/…`, `*.k8s.io/…` | Kubernetes: binding, provisioner, node, leader, health, what kubectl applied |
 * | `cdi.kubevirt.io/…`, `volsync.backube/…`, `velero.io/…` | what fills volumes, or has backed them up |
 * | `argocd.argoproj.io/…`, `*.fluxcd.io/…`, `meta.helm.sh/…`, `*.cattle.io/…` | what deployed the claim |
 * | `nkvm.io/restoring` and the like | marks of a restore |
 */
const OF_THE_OLD_CLAIM =
  /^(([^/]+\.)?(kubernetes|k8s)\.io|volumehealth\.[^/]+|([^/]+\.)?(cdi\.kubevirt\.io|volsync\.backube|velero\.io|fluxcd\.io|cattle\.io)|argocd\.argoproj\.io|meta\.helm\.sh)\/|^nkvm\.io\/(restoring|incomplete|installation|created-by-call|restore)$/;

/** @returns the claim that was asked for; whatever the request leaves open is as it was in the old claim. */
export function claimWish(
  target: RestoreTarget,
  manifest: Pick<StoredManifest, 'claim' | 'capacityBytes'> | undefined
): ClaimWish {
  const { spec = {}, labels = {}, annotations = {} } = manifest?.claim ?? {};
  const { accessModes, storageClassName } = spec;
  return {
    size: target.size ?? oldSize(manifest),
    storageClass:
      target.storageClass ?? (typeof storageClassName === 'string' ? storageClassName : undefined),
    accessModes: target.accessModes ?? (isModes(accessModes) ? accessModes : ['ReadWriteOnce']),
    labels: target.labels ?? labels,
    annotations: Object.fromEntries(
      Object.entries(annotations).filter(([name]) => !OF_THE_OLD_CLAIM.test(name))
    ),
  };
}

/**
 * The volume's capacity and not the claim's request: a claim of 1Gi can have a volume of 100Gi, and 50 GiB in it.
 * @returns null where nothing says how big it was.
 */
function oldSize(
  manifest: Pick<StoredManifest, 'claim' | 'capacityBytes'> | undefined
): string | null {
  const resources = manifest?.claim.spec.resources as
    | { requests?: { storage?: unknown } }
    | undefined;
  const requested = resources?.requests?.storage;
  const asked = typeof requested === 'string' ? requested : null;
  const capacity = manifest?.capacityBytes ?? null;
  if (capacity === null) return asked;
  return capacity > (bytesOf(asked ?? '') ?? 0) ? quantityOf(capacity) : asked;
}

const UNITS = ['Ti', 'Gi', 'Mi', 'Ki'] as const;

/** @returns the shortest quantity that is exactly this, e.g. `10Gi`. */
export function quantityOf(bytes: number): string {
  for (const [at, unit] of UNITS.entries()) {
    const factor = 1024 ** (UNITS.length - at);
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}`;
}

const isModes = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'string');
