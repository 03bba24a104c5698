import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backup } from '../../sidecar/api/index.ts';
import { StageError } from '../../sidecar/src/errors.ts';
import { ModelCluster } from './cluster.ts';
import { Disk } from './disk.ts';
import { Life, Moments } from './life.ts';
import type { ModelSidecar } from './sidecar.ts';
import { startModelSidecar } from './sidecar.ts';

/** How long the queue may take until nothing is left to do. */
const DRY_MS = 30_000;
const LOOK_MS = 5;

/** What the product has told somebody, and what must stay true: the model. */
export interface Told {
  /** Runs that requests were answered with, in the order of the answers. */
  ids: string[];
  /** How runs ended, by id. */
  ends: Map<string, Backup['status']>;
  /** Promises that were broken at once. */
  broken: string[];
}

/** A sidecar and what it depends on, as the commands of the model test see them. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'nkvm-model-'));
  readonly cluster = new ModelCluster(join(this.dir, 'volumes'));
  readonly disk = new Disk();
  readonly told: Told = { ids: [], ends: new Map(), broken: [] };
  readonly #moments = new Moments();
  #clockShiftMs = 0;
  #life = new Life(this.#moments);
  #sidecar: ModelSidecar | undefined;

  get sidecar(): ModelSidecar {
    if (!this.#sidecar) throw new Error('the sidecar does not run');
    return this.#sidecar;
  }

  async start(): Promise<void> {
    this.#sidecar = undefined;
    const life = new Life(this.#moments);
    this.#life = life;
    const around = {
      dir: this.dir,
      cluster: this.cluster,
      disk: this.disk,
      now: () => new Date(Date.now() + this.#clockShiftMs),
      onEnd: ({ id, status }: Backup) => this.#heard(id, status),
    };
    await life.during(
      startModelSidecar(around, life).then(sidecar => {
        this.#sidecar = sidecar;
      })
    );
  }

  /** Asks for backups of what exists. Two requests at once may not make two runs of one volume. */
  async request(names: readonly string[]): Promise<void> {
    const claims = names.flatMap(name => this.cluster.claim(name) ?? []);
    const { queue, history } = this.sidecar;
    const asked = [
      queue.add(claims, { requestedBy: 'somebody' }),
      queue.add([...claims].reverse(), { requestedBy: 'another' }),
    ];
    const answers = await this.#life.during(Promise.all(asked));
    if (!answers) return;
    const fresh = new Set(answers.flat().map(({ id }) => id));
    this.told.ids.push(...[...fresh].filter(id => !this.told.ids.includes(id)).sort());
    const uids = history.unfinished().map(({ uid }) => uid);
    if (new Set(uids).size < uids.length) this.told.broken.push('two runs of one volume');
  }

  /** Cancels a run that somebody asked for, when it has not ended. */
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
      if (!(error instanceof StageError) || error.reason !== 'AlreadyEnded') throw error;
    }
  }

  /** Lets a fault happen in the midst of what goes on: before the effect after `effects`, or when all is done. */
  async after(effects: number, fault: () => Promise<unknown> | void): Promise<void> {
    const faults: unknown[] = [];
    this.#moments.arm(effects, () => faults.push(fault()));
    while (this.#moments.isArmed && this.#hasWork()) await sleep(LOOK_MS);
    this.#moments.fire();
    await Promise.all(faults);
  }

  /** `kill -9`, and a new start. @param again effects after which the new one is killed, too */
  async kill(effects: number, again: number | null): Promise<void> {
    await this.after(effects, () => this.#life.end());
    await this.#life.settled();
    if (again !== null) {
      this.#moments.arm(again, () => this.#life.end());
      await this.start();
      this.#moments.fire();
      await this.#life.settled();
    }
    await this.start();
  }

  /** An orderly end, and a new start. */
  async restart(): Promise<void> {
    await this.end();
    await this.start();
  }

  async end(): Promise<void> {
    await this.sidecar.queue.stop();
    await this.sidecar.history.close();
  }

  stepClock(ms: number): void {
    this.#clockShiftMs += ms;
  }

  /** @returns when the queue has run dry. @throws Error that names the runs which do not end. */
  async dry(): Promise<void> {
    for (const until = Date.now() + DRY_MS; this.#hasWork(); await sleep(LOOK_MS)) {
      if (Date.now() < until) continue;
      const runs = this.sidecar.history.unfinished();
      throw new Error(`these runs do not end: ${JSON.stringify(runs)}`);
    }
  }

  async remove(): Promise<void> {
    await this.end();
    this.#life.end();
    await this.cluster.stop();
    await this.disk.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #hasWork(): boolean {
    const { queue, history } = this.sidecar;
    const { queued, running } = queue.depth();
    return queued + running + history.unfinished().length > 0;
  }

  #heard(id: string, status: Backup['status']): void {
    const before = this.told.ends.get(id);
    if (before && before !== status) this.told.broken.push(`${id}: ${before}, then ${status}`);
    this.told.ends.set(id, status);
  }
}
