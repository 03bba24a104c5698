import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backup } from '../../sidecar/api/index.ts';
import { StageError } from '../../sidecar/src/errors.ts';
import type { ModelBucket } from './bucket.ts';
import type { ModelCluster } from './cluster.ts';
import type { Disk } from './disk.ts';
import { Life, type Moments } from './life.ts';
import type { ModelSidecar } from './sidecar.ts';
import { startModelSidecar } from './sidecar.ts';
import type { Transport } from './transports.ts';

/** The model: what a sidecar has answered its callers, and what must stay true. */
export interface Told {
  /** Runs that requests were answered with, in the order of the answers. */
  ids: string[];
  /** How runs ended, by id. */
  ends: Map<string, Backup['status']>;
  /** Promises that were broken at once. */
  broken: string[];
}

export interface InstallationOptions {
  name: string;
  /** Directory that both installations share. */
  dir: string;
  cluster: ModelCluster;
  transport: Transport;
  /** Where its archives are, instead of a directory. */
  bucket: ModelBucket | undefined;
  disk: Disk;
  moments: Moments;
  now(): Date;
}

/** How long a start may take, however full the disk is and whatever is away. */
const START_MS = 20_000;
/** How long the queue may take until nothing is left to do. */
const DRY_MS = 60_000;
const LOOK_MS = 5;
const PAUSE_MS = 50;

/** Why a request may be refused while the disk is full. */
const REFUSALS = ['HistoryFull', 'HistoryNotWritable', 'HistoryFailed'];

/** One installation of NKVM: its history, and the life of its process. */
export class Installation {
  readonly told: Told = { ids: [], ends: new Map(), broken: [] };
  readonly name: string;
  /** What its log says. */
  readonly said: string[] = [];
  readonly #options: InstallationOptions;
  #life: Life;
  #sidecar: ModelSidecar | undefined;

  constructor(options: InstallationOptions) {
    this.name = options.name;
    this.#options = options;
    this.#life = new Life(options.moments);
  }

  get sidecar(): ModelSidecar {
    if (!this.#sidecar) throw new Error(`the sidecar of ${this.name} does not run`);
    return this.#sidecar;
  }

  async start(): Promise<void> {
    const { dir, cluster, disk, now, moments, name, transport, bucket } = this.#options;
    this.#sidecar = undefined;
    const life = new Life(moments);
    this.#life = life;
    const around = {
      installation: name,
      historyPath: join(dir, name, 'nkvm.db'),
      archives: join(dir, 'backups'),
      cluster,
      ...{ transport, bucket },
      disk,
      now,
      log: { info: this.#say, warn: this.#say, error: this.#say },
      onEnd: ({ id, status }: Backup) => this.#heard(id, status),
    };
    const started = life.during(
      startModelSidecar(around, life).then(sidecar => {
        this.#sidecar = sidecar;
      })
    );
    const late = sleep(START_MS, 'late' as const, { ref: false });
    if ((await Promise.race([started, late])) === 'late') {
      throw new Error(`${name} did not start within ${START_MS / 1000} s`);
    }
  }

  /** Asks for backups of what exists. Two requests at once may not make two runs of one volume. */
  async request(names: readonly string[]): Promise<void> {
    const claims = names.flatMap(each => this.#options.cluster.claim(each) ?? []);
    const { queue, history } = this.sidecar;
    const asked = Promise.allSettled([
      queue.add(claims, { requestedBy: 'somebody' }),
      queue.add([...claims].reverse(), { requestedBy: 'another' }),
    ]);
    const answers = await this.#life.during(asked);
    if (!answers) return;
    const fresh = new Set<string>();
    for (const answer of answers) {
      if (answer.status === 'fulfilled') answer.value.forEach(({ id }) => fresh.add(id));
      else if (!isRefusal(answer.reason)) throw answer.reason;
    }
    this.told.ids.push(...[...fresh].filter(id => !this.told.ids.includes(id)).sort());
    const waiting = history.unfinished().filter(({ status }) => status === 'queued');
    const uids = waiting.map(({ uid }) => uid);
    if (new Set(uids).size < uids.length) this.told.broken.push('two queued runs of one volume');
  }

  /** Cancels a run that was asked for, when it has not ended. */
  async cancel(which: number): Promise<void> {
    await undefined; // a request never comes in the midst of a synchronous step
    const id = this.told.ids.at(-1 - which);
    if (id === undefined) return;
    try {
      const run = await this.#life.during(this.sidecar.queue.cancel(id));
      if (!run) return;
      if (run.endedAt === null) this.told.broken.push(`${id}: ${run.status} after its cancelling`);
      else this.#heard(id, run.status);
    } catch (error) {
      const mayBe = ['AlreadyEnded', 'Starting', ...REFUSALS];
      if (!(error instanceof StageError) || !mayBe.includes(error.reason)) throw error;
    }
  }

  /** `kill -9`: nothing of this life has an effect any more. */
  async kill(): Promise<void> {
    this.#life.end();
    this.#options.cluster.abandon(this.name);
    await this.#life.settled();
    // The history deletes files by calls that are no effects: whatever was called must be over before another life.
    await sleep(PAUSE_MS);
  }

  /** An orderly end. */
  async stop(): Promise<void> {
    await this.sidecar.stop();
    this.#options.cluster.abandon(this.name);
  }

  get hasWork(): boolean {
    const { queue, history, prepared } = this.sidecar;
    const { queued, running } = queue.depth();
    return queued + running + history.unfinished().length > 0 || !prepared.isReady();
  }

  /** @returns when the queue has run dry. @throws Error that names the runs which do not end. */
  async dry(): Promise<void> {
    for (const until = Date.now() + DRY_MS; this.hasWork; await sleep(LOOK_MS)) {
      if (Date.now() < until) continue;
      const { history, prepared, queue } = this.sidecar;
      throw new Error(
        `${this.name} does not come to rest: ${JSON.stringify([
          prepared.left(),
          queue.waitsFor(),
          history.unfinished(),
        ])}`
      );
    }
    await this.sidecar.sweep();
  }

  /** Ends what a killed sidecar left in this process. */
  end(): void {
    this.#life.end();
  }

  readonly #say = (about: object, sentence: string): void =>
    void this.said.push(`${JSON.stringify(about)} ${sentence}`);

  #heard(id: string, status: Backup['status']): void {
    const before = this.told.ends.get(id);
    if (before && before !== status) this.told.broken.push(`${id}: ${before}, then ${status}`);
    this.told.ends.set(id, status);
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof StageError && REFUSALS.includes(error.reason);
