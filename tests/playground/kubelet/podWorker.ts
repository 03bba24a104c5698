import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command, ExecOptions, LogOptions } from '../api/nodeAgent.ts';
import type { EventRecorder, Occurrence } from '../controllers/events.ts';
import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { ConfigMap, Container, Pod, Secret } from '../store/object.ts';
import { seconds } from '../store/time.ts';
import { type ContainerHost, ContainerWorker } from './containerWorker.ts';
import { launchOf } from './launch.ts';
import { type Mount, rewrite } from './paths.ts';
import { podStatus } from './podStatus.ts';
import type { Processes } from './processes.ts';
import { MountProblem, mountsOf, type Volumes } from './volumes.ts';

const PODS = kindNamed('pods');
const CONFIG_MAPS = kindNamed('configmaps');
const SECRETS = kindNamed('secrets');

/** Every pod listens on this machine. */
const POD_IP = '127.0.0.1';
const MOUNT_RETRY_MS = 250;

/** What a pod needs of its node. */
export interface NodeServices {
  objects: Objects;
  events: EventRecorder;
  processes: Processes;
  volumes: Volumes;
  /** Which images there are, by their full names. */
  images: RegExp;
  /** PATH of containers. */
  path: string;
  /** Address of the node. */
  hostIP: string;
  now: () => Date;
}

/** The life of one pod on its node, from its volumes to its end. */
export class PodWorker {
  /** Resolves when nothing of the pod runs any more. */
  readonly done: Promise<void>;

  readonly #node: NodeServices;
  readonly #startedAt: string;
  readonly #initContainers: ContainerWorker[];
  readonly #containers: ContainerWorker[];
  /** No container is started any more. */
  readonly #stopping = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #pod: Pod;
  /** Of the volumes, by name; there is none before they are mounted. */
  #directories: ReadonlyMap<string, string> | undefined;
  #failure: { reason: string; message: string } | undefined;
  /** The object is gone, or the playground stops: the state is not reported any more. */
  #isAbandoned = false;

  constructor(pod: Pod, node: NodeServices) {
    const { activeDeadlineSeconds, initContainers = [], containers } = pod.spec;
    this.#pod = pod;
    this.#node = node;
    this.#startedAt = seconds(node.now());
    const host = this.#hostOfContainers();
    const first = initContainers.length ? 'PodInitializing' : 'ContainerCreating';
    this.#initContainers = initContainers.map(
      spec => new ContainerWorker(spec, host, 'PodInitializing')
    );
    this.#containers = containers.map(spec => new ContainerWorker(spec, host, first));
    if (activeDeadlineSeconds) this.#after(activeDeadlineSeconds, () => this.#reachDeadline());
    this.done = this.#run();
  }

  /** Takes a newer version of the pod: a deletion begins with one. */
  update(pod: Pod): void {
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    const { deletionGracePeriodSeconds: earlier = Infinity } = this.#pod.metadata;
    this.#pod = pod;
    if (deletionTimestamp && deletionGracePeriodSeconds < earlier) {
      this.#stop(deletionGracePeriodSeconds);
    }
  }

  /** Ends all of it at once. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#stop(0);
  }

  /** @returns undefined when that container does not run. */
  exec(container: string, words: readonly string[], options: ExecOptions): Command | undefined {
    return this.#find(container)?.exec(words, options);
  }

  log(options: LogOptions): AsyncIterable<string> | undefined {
    return this.#find(options.container)?.log(options);
  }

  async #run(): Promise<void> {
    const { restartPolicy = 'Always' } = this.#pod.spec;
    this.#post();
    await this.#mountVolumes();
    this.#post();
    let isInitialized = true;
    for (const container of this.#initContainers) {
      // One that has succeeded is not run again.
      isInitialized &&= await container.live(restartPolicy === 'Never' ? 'Never' : 'OnFailure');
    }
    if (isInitialized) {
      await Promise.all(this.#containers.map(container => container.live(restartPolicy)));
    }
    this.#end();
  }

  /** Tries until the volumes are there, or the pod is to end. */
  async #mountVolumes(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const directories = this.#node.volumes.mountAll(this.#pod);
        mkdirSync(join(this.#home(), 'tmp'), { recursive: true });
        this.#directories = directories;
        return;
      } catch (error) {
        if (!(error instanceof MountProblem)) throw error;
        this.#say({ type: 'Warning', reason: 'FailedMount', message: error.message });
      }
      await pause(MOUNT_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #reachDeadline(): void {
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#failure = { reason: 'DeadlineExceeded', message };
    this.#say({ type: 'Normal', reason: 'DeadlineExceeded', message });
    this.#stop(this.#pod.spec.terminationGracePeriodSeconds ?? 30);
  }

  #stop(graceSeconds: number): void {
    const all = [...this.#initContainers, ...this.#containers];
    this.#stopping.abort();
    if (graceSeconds === 0) return all.forEach(container => container.kill());
    all.forEach(container => container.terminate());
    this.#after(graceSeconds, () => all.forEach(container => container.kill()));
  }

  /** Writes the final status of the pod; a pod that was to be deleted is deleted now. */
  #end(): void {
    this.#timers.forEach(timer => clearTimeout(timer));
    this.#stopping.abort();
    this.#post();
    this.#node.volumes.removePodDirectory(this.#pod);
    const { namespace, name, deletionTimestamp } = this.#pod.metadata;
    if (this.#isAbandoned || !deletionTimestamp) return;
    this.#node.objects.remove(PODS, namespace, name, { gracePeriodSeconds: 0 });
  }

  #post(): void {
    if (this.#isAbandoned) return;
    const { objects, hostIP, now } = this.#node;
    objects.change(PODS, this.#pod, 'status', pod => {
      pod.status = podStatus(pod, {
        hostIP,
        podIP: POD_IP,
        startedAt: this.#startedAt,
        now: seconds(now()),
        hasSandbox: this.#directories !== undefined,
        initContainers: this.#initContainers.map(({ record }) => record),
        containers: this.#containers.map(({ record }) => record),
        isStopped: this.#stopping.signal.aborted,
        ...(this.#failure && { failure: this.#failure }),
      });
    });
  }

  #say(occurrence: Omit<Occurrence, 'component' | 'host'>): void {
    const { nodeName = '' } = this.#pod.spec;
    if (this.#isAbandoned) return;
    this.#node.events.record(this.#pod, { ...occurrence, component: 'kubelet', host: nodeName });
  }

  #find(name: string): ContainerWorker | undefined {
    return [...this.#initContainers, ...this.#containers].find(({ spec }) => spec.name === name);
  }

  #home(): string {
    return this.#node.volumes.podDirectory(this.#pod);
  }

  #mounts(spec: Container): Mount[] {
    return mountsOf(spec, this.#directories ?? new Map());
  }

  #hostOfContainers(): ContainerHost {
    const { processes, images, now, path, objects } = this.#node;
    const { name, namespace, uid } = this.#pod.metadata;
    const sources = {
      configMap: (each: string) => objects.store.get<ConfigMap>(CONFIG_MAPS, namespace, each),
      secret: (each: string) => objects.store.get<Secret>(SECRETS, namespace, each),
    };
    return {
      processes,
      images,
      now,
      stopping: this.#stopping.signal,
      launch: spec => {
        const { status } = this.#pod;
        const pod = { ...this.#pod, status: { ...status, podIP: POD_IP } };
        return launchOf(pod, spec, this.#mounts(spec), sources, { home: this.#home(), path });
      },
      translate: (spec, words) => words.map(word => rewrite(word, this.#mounts(spec))),
      post: () => this.#post(),
      say: occurrence => this.#say(occurrence),
      podName: `${name}_${namespace}(${uid})`,
    };
  }

  #after(delaySeconds: number, act: () => void): void {
    this.#timers.add(setTimeout(act, delaySeconds * 1000));
  }
}
