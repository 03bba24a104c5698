import type { Command, ExecOptions, LogOptions, NodeAgent } from '../api/nodeAgent.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Node, Pod } from '../store/object.ts';
import { isLive } from '../store/pods.ts';
import type { Change } from '../store/store.ts';
import { type NodeServices, PodWorker } from './podWorker.ts';

const PODS = kindNamed('pods');
const NODES = kindNamed('nodes');

/** Runs the pods of all nodes. */
export class Kubelet implements NodeAgent {
  readonly #services: Omit<NodeServices, 'hostIP'>;
  /** By uid. */
  readonly #workers = new Map<string, PodWorker>();
  readonly #unsubscribe: () => void;
  #isStopped = false;

  constructor(services: Omit<NodeServices, 'hostIP'>) {
    this.#services = services;
    this.#unsubscribe = services.objects.store.subscribe(PODS, change => this.#see(change));
  }

  exec(
    { metadata }: Pod,
    container: string,
    words: readonly string[],
    options: ExecOptions
  ): Command | undefined {
    return this.#workers.get(metadata.uid)?.exec(container, words, options);
  }

  log({ metadata }: Pod, options: LogOptions): AsyncIterable<string> | undefined {
    return this.#workers.get(metadata.uid)?.log(options);
  }

  /** Ends every process of every pod. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    const workers = [...this.#workers.values()];
    workers.forEach(worker => worker.abandon());
    await this.#services.processes.killAll();
    await Promise.all(workers.map(worker => worker.done));
  }

  #see({ type, object }: Change): void {
    const pod = object as Pod;
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (type === 'DELETED') {
      worker?.abandon();
      this.#workers.delete(uid);
    } else if (worker) worker.update(pod);
    else if (pod.spec.nodeName && isLive(pod)) this.#begin(pod);
  }

  /** In a later turn of the event loop: code that changed the pod must see its own change before the next one. */
  #begin(pod: Pod): void {
    setImmediate(() => {
      const { store } = this.#services.objects;
      const { namespace, name, uid } = pod.metadata;
      const current = store.get<Pod>(PODS, namespace, name);
      const node = store.get<Node>(NODES, undefined, pod.spec.nodeName!);
      if (this.#isStopped || this.#workers.has(uid) || current?.metadata.uid !== uid || !node)
        return;
      if (current.metadata.deletionTimestamp) {
        return void this.#services.objects.remove(PODS, namespace, name, { gracePeriodSeconds: 0 });
      }
      const hostIP =
        node.status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
      this.#workers.set(uid, new PodWorker(current, { ...this.#services, hostIP }));
    });
  }
}
