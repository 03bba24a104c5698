import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { kindNamed } from '../store/kinds.ts';
import { matchesNodeSelector } from '../store/nodeSelector.ts';
import type {
  Claim,
  ConfigMap,
  Container,
  Node,
  Pod,
  PodSpec,
  Secret,
  Volume,
} from '../store/object.ts';
import { claimNames, isLive } from '../store/pods.ts';
import type { Store } from '../store/store.ts';
import type { Mount } from './paths.ts';

type PodVolume = NonNullable<PodSpec['volumes']>[number];

const CLAIMS = kindNamed('persistentvolumeclaims');
const VOLUMES = kindNamed('persistentvolumes');
const PODS = kindNamed('pods');
const NODES = kindNamed('nodes');
const CONFIG_MAPS = kindNamed('configmaps');
const SECRETS = kindNamed('secrets');

/** A volume that a pod cannot have yet, in the kubelet's words. */
export class MountProblem extends Error {}

/** Volumes as directories: of claims and host paths for as long as the playground runs, the others as long as the pod. */
export class Volumes {
  readonly #root: string;
  readonly #store: Store;

  constructor(root: string, store: Store) {
    this.#root = root;
    this.#store = store;
  }

  /** The directory that a container begins in, and that holds the pod's own volumes. */
  podDirectory({ metadata }: Pod): string {
    return join(this.#root, 'pods', metadata.uid);
  }

  removePodDirectory(pod: Pod): void {
    rmSync(this.podDirectory(pod), { recursive: true, force: true });
  }

  /** @returns the directory of a PersistentVolume; it is made where it is missing. */
  directoryOf({ metadata, spec }: Volume): string {
    const path = spec.hostPath?.path ?? spec.local?.path;
    const directory = path
      ? this.#hostDirectory(path)
      : join(this.#root, 'volumes', spec.csi?.volumeHandle ?? metadata.name);
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  removeDirectoryOf(volume: Volume): void {
    rmSync(this.directoryOf(volume), { recursive: true, force: true });
  }

  /** @returns a directory for each volume of the pod, by name. @throws MountProblem */
  mountAll(pod: Pod): Map<string, string> {
    return new Map((pod.spec.volumes ?? []).map(volume => [volume.name, this.#mount(pod, volume)]));
  }

  #mount(pod: Pod, volume: PodVolume): string {
    const own = join(this.podDirectory(pod), 'volumes', volume.name);
    const claim = volume.ephemeral
      ? `${pod.metadata.name}-${volume.name}`
      : volume.persistentVolumeClaim?.claimName;
    if (claim) return this.directoryOf(this.#volumeFor(pod, claim));
    if (volume.hostPath) {
      const directory = this.#hostDirectory(volume.hostPath.path);
      mkdirSync(directory, { recursive: true });
      return directory;
    }
    mkdirSync(own, { recursive: true });
    if (volume.configMap) this.#writeFiles(pod, own, volume.configMap.name ?? '', 'ConfigMap');
    if (volume.secret) this.#writeFiles(pod, own, volume.secret.secretName ?? '', 'Secret');
    return own;
  }

  /** Both nodes have the same host directories. */
  #hostDirectory(path: string): string {
    return join(this.#root, 'host', normalize(`/${path}`));
  }

  #volumeFor(pod: Pod, claimName: string): Volume {
    const { namespace, uid } = pod.metadata;
    const claim = this.#store.get<Claim>(CLAIMS, namespace, claimName);
    if (!claim) throw new MountProblem(`persistentvolumeclaim "${claimName}" not found`);
    const volume = this.#store.get<Volume>(VOLUMES, undefined, claim.spec.volumeName ?? '');
    if (claim.status.phase !== 'Bound' || !volume) {
      throw new MountProblem(
        `Unable to attach or mount volumes: PVC ${namespace}/${claimName} is not bound`
      );
    }
    const { name } = volume.metadata;
    const node = this.#store.get<Node>(NODES, undefined, pod.spec.nodeName ?? '');
    const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms;
    if (terms && node && !matchesNodeSelector(terms, node)) {
      throw new MountProblem(
        `MountVolume.NodeAffinity check failed for volume "${name}" : no matching NodeSelectorTerms`
      );
    }
    const isHeld = this.#store
      .list<Pod>(PODS, namespace)
      .some(
        other =>
          other.metadata.uid !== uid &&
          isLive(other) &&
          hasVolumes(other) &&
          claimNames(other).includes(claimName)
      );
    if (claim.spec.accessModes?.includes('ReadWriteOncePod') && isHeld) {
      throw new MountProblem(
        `MountVolume.SetUp failed for volume "${name}" : volume uses the ReadWriteOncePod access mode and is already ` +
          'in use by another pod'
      );
    }
    return volume;
  }

  #writeFiles(pod: Pod, directory: string, name: string, kind: 'ConfigMap' | 'Secret'): void {
    const { namespace } = pod.metadata;
    const source = this.#store.get<ConfigMap | Secret>(
      kind === 'Secret' ? SECRETS : CONFIG_MAPS,
      namespace,
      name
    );
    if (!source) {
      const resource = kind.toLowerCase();
      throw new MountProblem(
        `MountVolume.SetUp failed for volume "${name}" : ${resource} "${name}" not found`
      );
    }
    const encoding = kind === 'Secret' ? 'base64' : 'utf8';
    for (const [file, text] of Object.entries(source.data ?? {})) {
      writeFileSync(join(directory, file), Buffer.from(text, encoding));
    }
  }
}

const hasVolumes = ({ status }: Pod): boolean =>
  (status.conditions ?? []).some(
    ({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True'
  );

/** @param directories of the pod's volumes, by name. */
export const mountsOf = (container: Container, directories: ReadonlyMap<string, string>): Mount[] =>
  (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath }) => {
    const directory = directories.get(name);
    if (!directory) return [];
    const path = mountPath.length > 1 ? mountPath.replace(/\/+$/, '') : mountPath;
    if (!subPath) return [{ path, directory }];
    const inside = join(directory, normalize(`/${subPath}`));
    mkdirSync(inside, { recursive: true });
    return [{ path, directory: inside }];
  });
