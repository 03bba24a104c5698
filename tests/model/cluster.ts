import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { failureOf } from '../../sidecar/src/cluster/apiFailure.ts';
import type { ReadClaim } from '../../sidecar/src/cluster/claims.ts';
import { ExecBroken } from '../../sidecar/src/cluster/exec.ts';
import type { Claim } from '../../sidecar/src/cluster/inventory.ts';
import type { Pod, Pods } from '../../sidecar/src/cluster/pods.ts';
import type { HelperCluster } from '../../sidecar/src/helper/helper.ts';
import type { ProcessCluster } from '../../sidecar/src/testing/processCluster.ts';
import { processCluster } from '../../sidecar/src/testing/processCluster.ts';
import { testClaim } from '../../sidecar/src/testing/testClaim.ts';
import type { Life } from './life.ts';

const NAMESPACE = 'shop';

/** Small, and of bytes that do not compress, so that a stream has several pieces. */
const VOLUMES = { empty: 0, little: 2_000, orders: 300_000, media: 700_000 };
export type VolumeName = keyof typeof VOLUMES;
export const VOLUME_NAMES = Object.keys(VOLUMES) as VolumeName[];

const podNotFound = (pod: string): Error =>
  failureOf({
    status: 404,
    body: JSON.stringify({
      kind: 'Status',
      reason: 'NotFound',
      message: `pods "${pod}" not found`,
    }),
  });

/** Claims and helper pods, whose commands really run. They outlive the sidecar. */
export class ModelCluster {
  readonly #dir: string;
  readonly #claims = new Map<string, Claim>();
  readonly #pods = new Map<string, ProcessCluster>();
  #connections = new Set<() => void>();
  #made = 0;
  /** The most helpers that there were at once. */
  mostPods = 0;

  constructor(dir: string) {
    this.#dir = dir;
    for (const [name, bytes] of Object.entries(VOLUMES)) {
      mkdirSync(join(dir, name), { recursive: true });
      if (bytes > 0) writeFileSync(join(dir, name, 'file'), randomBytes(bytes));
      this.makeClaim(name);
    }
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
    await pod?.stop();
  }

  breakConnections(): void {
    this.#connections.forEach(cut => cut());
  }

  readClaimFor(life: Life): ReadClaim {
    return (_namespace, name) =>
      life.pass(async () => {
        const claim = this.#claims.get(name);
        return claim && { uid: claim.uid, labels: {}, annotations: {}, spec: {} };
      });
  }

  helpersFor(life: Life): HelperCluster {
    const clusterOf = (namespace: string, pod: string): ProcessCluster => {
      const cluster = this.#pods.get(`${namespace}/${pod}`);
      if (!cluster) throw podNotFound(pod);
      return cluster;
    };
    return {
      pods: this.#podsFor(life),
      statusLagMs: 0,
      exec: (target, command) =>
        life.pass(async () => {
          const running = await clusterOf(target.namespace, target.pod).exec(target, command);
          const cut = Promise.withResolvers<never>();
          const exit = Promise.race([running.exit, cut.promise]);
          const breakOff = () => {
            const error = new ExecBroken('the connection to the API server broke');
            running.stdout.destroy(error);
            cut.reject(error);
          };
          this.#connections.add(breakOff);
          exit.catch(() => undefined).finally(() => this.#connections.delete(breakOff));
          running.stdout.on('error', () => undefined); // it may break before anybody reads
          const stdout = Readable.from(passing(running.stdout, life), { objectMode: false });
          return { ...running, stdout, exit };
        }),
      execWithInput: () => Promise.reject(new Error('no run of the model writes')),
      execToEnd: (target, command, options) =>
        life.pass(async () =>
          clusterOf(target.namespace, target.pod).execToEnd(target, command, options)
        ),
    };
  }

  async stop(): Promise<void> {
    for (const key of this.podNames()) await this.deletePod(key);
  }

  #podsFor(life: Life): Pods {
    return {
      create: (namespace, pod) => life.pass(() => this.#create(namespace, pod)),
      get: (namespace, name) =>
        life.pass(async () => this.#pods.get(`${namespace}/${name}`)?.pods.get(namespace, name)),
      remove: (namespace, name) => life.pass(() => this.deletePod(`${namespace}/${name}`)),
      withLabels: labels =>
        life.pass(async () => {
          const found = [...this.#pods.values()].map(({ pods }) => pods.withLabels(labels));
          return (await Promise.all(found)).flat();
        }),
      eventsOf: async () => [],
    };
  }

  async #create(namespace: string, pod: Pod): Promise<Pod> {
    const name = pod.spec?.volumes?.[0]?.persistentVolumeClaim?.claimName ?? '';
    const cluster = processCluster(join(this.#dir, name));
    this.#pods.set(`${namespace}/${pod.metadata?.name}`, cluster);
    this.mostPods = Math.max(this.mostPods, this.#pods.size);
    return cluster.pods.create(namespace, pod);
  }
}

/** A stream, each piece of which is an effect of the life that reads it. */
async function* passing(source: Readable, life: Life): AsyncGenerator<Buffer> {
  try {
    for await (const piece of source) yield await life.pass(async () => piece as Buffer);
  } catch (error) {
    await life.pass(() => Promise.reject(error));
  }
}
