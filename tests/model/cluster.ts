import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ApiFailure } from '../../sidecar/src/cluster/gateway/apiFailure.ts';
import type { RunningCommand } from '../../sidecar/src/cluster/gateway/exec.ts';
import type { Pod, Pods } from '../../sidecar/src/cluster/gateway/pods.ts';
import type { ReadClaim } from '../../sidecar/src/cluster/inventory/claims.ts';
import type { Claim } from '../../sidecar/src/cluster/inventory/inventory.ts';
import type { HelperCluster } from '../../sidecar/src/helper/helper.ts';
import type { Availability } from '../../sidecar/src/jobs/attempts/outages.ts';
import { testClaim } from '../../sidecar/src/testing/cluster/testClaim.ts';
import type { ProcessCluster } from '../../sidecar/src/testing/helper/processCluster.ts';
import { processCluster } from '../../sidecar/src/testing/helper/processCluster.ts';
import type { Life } from './life.ts';
import type { Transport } from './transports.ts';

const NAMESPACE = 'shop';
const INSTALLATION_LABEL = 'nkvm.io/installation';

/** Small, and of bytes that do not compress, so that a stream has several pieces. */
const VOLUMES = { empty: 0, little: 2_000, orders: 300_000, media: 700_000 };
/** An upload to S3 has parts of at least 16 MiB, and an archive that fits into one goes through the sidecar. */
const TWO_PARTS = 18 * 1024 ** 2;
export type VolumeName = keyof typeof VOLUMES;
export const VOLUME_NAMES = Object.keys(VOLUMES) as VolumeName[];

/** A helper pod, and what a test must know of it. */
interface ModelPod {
  cluster: ProcessCluster;
  installation: string;
  /** Somebody asked for its deletion, or its sidecar is gone: it no longer counts as one of a run. */
  isLeft: boolean;
}

/** Claims and helper pods, whose commands really run. They outlive the sidecar. */
export class ModelCluster {
  readonly #dir: string;
  readonly #claims = new Map<string, Claim>();
  readonly #pods = new Map<string, ModelPod>();
  #connections = new Set<() => void>();
  #made = 0;
  #isAway = false;
  /** How many outages are under way at once. */
  #outages = 0;
  #listeners = new Set<() => void>();
  #losesNext = false;
  #sticksNext = false;
  /** Pods that stay, although their deletion was accepted: a finalizer, or a node that is unavailable. */
  #stuck = new Set<string>();
  /** The most helpers that one installation had for runs at once. */
  mostPods = 0;

  constructor(dir: string, transport: Transport) {
    this.#dir = dir;
    const volumes = transport === 'direct' ? { ...VOLUMES, media: TWO_PARTS } : VOLUMES;
    for (const [name, bytes] of Object.entries(volumes)) {
      mkdirSync(join(dir, name), { recursive: true });
      if (bytes > 0) writeFileSync(join(dir, name, 'file'), randomBytes(bytes));
      this.makeClaim(name);
    }
  }

  /** Whether the API server answers, as a gateway says it. */
  get availability(): Availability {
    return {
      isAway: () => this.#isAway,
      onChange: listener => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  claim(name: string): Claim | undefined {
    return this.#claims.get(name);
  }

  /** Makes a claim, or makes it again: another one of the same name. */
  makeClaim(name: string): void {
    this.#made += 1;
    this.#claims.set(
      name,
      testClaim({ namespace: NAMESPACE, name, uid: `uid-${name}-${this.#made}` })
    );
  }

  deleteClaim(name: string): void {
    this.#claims.delete(name);
  }

  podNames(): string[] {
    return [...this.#pods.keys()];
  }

  /** Ends a pod and its processes as somebody with kubectl would. */
  async deletePod(key: string): Promise<void> {
    const pod = this.#pods.get(key);
    this.#pods.delete(key);
    await pod?.cluster.stop();
  }

  breakConnections(): void {
    this.#connections.forEach(cut => cut());
  }

  /** The API server goes away: every call fails, every stream breaks. */
  goAway(): void {
    this.#outages += 1;
    this.#setAway(true);
    this.breakConnections();
  }

  /** One outage ends. Another that began meanwhile lasts its whole time: shorter ones may cost an attempt. */
  comeBack(): void {
    this.#outages = Math.max(0, this.#outages - 1);
    if (this.#outages === 0) this.#setAway(false);
  }

  /** The next change is carried out, and its answer is lost. */
  loseNextAnswer(): void {
    this.#losesNext = true;
  }

  /** The next pod whose deletion is accepted stays until `heal`. */
  stickNextPod(): void {
    this.#sticksNext = true;
  }

  /** Ends every fault. */
  heal(): void {
    this.#outages = 0;
    this.#setAway(false);
    this.#losesNext = false;
    this.#sticksNext = false;
    this.#stuck.clear();
  }

  /** The process of an installation has ended; its pods belong to no run any more. */
  abandon(installation: string): void {
    for (const pod of this.#pods.values()) pod.isLeft ||= pod.installation === installation;
  }

  readClaimFor(life: Life): ReadClaim {
    return (_namespace, name) =>
      this.#read(life, async () => {
        const claim = this.#claims.get(name);
        return claim && { uid: claim.uid, labels: {}, annotations: {}, spec: {}, status: {} };
      });
  }

  helpersFor(life: Life): HelperCluster {
    const clusterOf = (namespace: string, pod: string): ProcessCluster => {
      const found = this.#pods.get(`${namespace}/${pod}`);
      if (found) return found.cluster;
      throw new ApiFailure(`pods "${pod}" not found`, {
        kind: 'notFound',
        class: 'needs-action',
        status: 404,
      });
    };
    return {
      pods: this.#podsFor(life),
      statusLagMs: 0,
      lookMs: 5,
      goneMs: 250,
      exec: (target, command, options) =>
        this.#read(life, async () => {
          const { exec } = clusterOf(target.namespace, target.pod);
          const running = await exec(target, command, options);
          const exit = this.#breakable(running);
          const stdout = Readable.from(passing(running.stdout, life), { objectMode: false });
          return { ...running, stdout, exit };
        }),
      execWithInput: (target, command, options) =>
        this.#read(life, async () => {
          const { execWithInput } = clusterOf(target.namespace, target.pod);
          const running = await execWithInput(target, command, options);
          // The end of a sidecar is the end of what it writes.
          void life.ended.then(() => running.stdin.end());
          return { ...running, exit: this.#breakable(running) };
        }),
      execToEnd: (target, command, options) =>
        this.#read(life, async () =>
          clusterOf(target.namespace, target.pod).execToEnd(target, command, options)
        ),
    };
  }

  /** @returns the exit code of a command, unless the connection breaks before. */
  #breakable({ stdout, exit: own }: Pick<RunningCommand, 'stdout' | 'exit'>): Promise<number> {
    const cut = Promise.withResolvers<never>();
    const exit = Promise.race([own, cut.promise]);
    const breakOff = () => {
      const error = unanswered('the connection to the API server broke');
      stdout.destroy(error);
      cut.reject(error);
    };
    this.#connections.add(breakOff);
    exit.catch(() => undefined).finally(() => this.#connections.delete(breakOff));
    stdout.on('error', () => undefined); // it may break before anybody reads
    return exit;
  }

  async stop(): Promise<void> {
    for (const key of this.podNames()) await this.deletePod(key);
  }

  #setAway(isAway: boolean): void {
    if (this.#isAway === isAway) return;
    this.#isAway = isAway;
    [...this.#listeners].forEach(listener => listener());
  }

  /** A call that changes nothing. */
  #read<T>(life: Life, call: () => Promise<T>): Promise<T> {
    return life.pass(async () => {
      if (this.#isAway) throw unanswered('connect ECONNREFUSED');
      return await call();
    });
  }

  #change<T>(life: Life, call: () => Promise<T>): Promise<T> {
    return this.#read(life, async () => {
      const answer = await call();
      if (!this.#losesNext) return answer;
      this.#losesNext = false;
      throw unanswered('the answer was lost', true);
    });
  }

  #podsFor(life: Life): Pods {
    return {
      create: (namespace, pod) => this.#change(life, () => this.#create(namespace, pod)),
      get: (namespace, name) =>
        this.#read(life, async () => {
          const pod = this.#pods.get(`${namespace}/${name}`);
          return await pod?.cluster.pods.get(namespace, name);
        }),
      remove: (namespace, name, options) => {
        const key = `${namespace}/${name}`;
        const pod = this.#pods.get(key);
        if (pod) pod.isLeft = true; // also when the call fails: the run does not use it any more
        return this.#change(life, () => this.#remove(key, options?.uid));
      },
      withLabels: labels =>
        this.#read(life, async () => {
          const all = [...this.#pods.values()].map(({ cluster }) =>
            cluster.pods.withLabels(labels)
          );
          return (await Promise.all(all)).flat();
        }),
      eventsOf: async () => [],
    };
  }

  async #create(namespace: string, pod: Pod): Promise<Pod> {
    const key = `${namespace}/${pod.metadata?.name}`;
    const existing = this.#pods.get(key);
    if (existing) return await existing.cluster.pods.create(namespace, pod); // AlreadyExists
    const claim = pod.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName ?? '';
    const cluster = processCluster(join(this.#dir, claim));
    const installation = pod.metadata?.labels?.[INSTALLATION_LABEL] ?? '';
    this.#pods.set(key, { cluster, installation, isLeft: false });
    const ofRuns = [...this.#pods.values()].filter(
      each => each.installation === installation && !each.isLeft
    );
    this.mostPods = Math.max(this.mostPods, ofRuns.length);
    const created = await cluster.pods.create(namespace, pod);
    // Each of these clusters counts from one; UIDs are unique.
    if (created.metadata) created.metadata.uid = `uid of pod ${(this.#made += 1)}`;
    return created;
  }

  async #remove(key: string, uid: string | undefined): Promise<void> {
    const pod = this.#pods.get(key)?.cluster.existing.get(key);
    if (!pod || (uid !== undefined && pod.metadata?.uid !== uid)) return;
    if (this.#sticksNext) {
      this.#sticksNext = false;
      this.#stuck.add(pod.metadata?.uid ?? '');
    }
    if (!this.#stuck.has(pod.metadata?.uid ?? '')) await this.deletePod(key);
  }
}

const unanswered = (message: string, mayBeDone = false): ApiFailure =>
  new ApiFailure(message, { kind: 'unreachable', class: 'transient', isAway: true, mayBeDone });

/** A stream, each piece of which is an effect of the life that reads it. */
export async function* passing(source: Readable, life: Life): AsyncGenerator<Buffer> {
  try {
    for await (const piece of source) yield await life.pass(async () => piece as Buffer);
  } catch (error) {
    await life.pass(() => Promise.reject(error));
  }
}
