import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelBucket } from './bucket.ts';
import { ModelCluster } from './cluster.ts';
import { Disk } from './disk.ts';
import { Installation, type Told } from './installation.ts';
import { Moments } from './life.ts';
import type { Transport } from './transports.ts';

const LOOK_MS = 5;
/** On a full disk there may be work without an effect. */
const AFTER_MS = 2_000;

/** Two installations that share a cluster and a directory of archives, as the commands of the model test see them. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'nkvm-model-'));
  readonly cluster: ModelCluster;
  readonly disk = new Disk();
  /** Where the archives are; undefined: in a directory. */
  readonly bucket: ModelBucket | undefined;
  readonly #moments = new Moments();
  #clockShiftMs = 0;
  /** The installation that most commands use. */
  readonly ours: Installation;
  readonly neighbour: Installation;
  readonly installations: readonly Installation[];

  /** @param transport how the archives leave their helpers */
  constructor(transport: Transport) {
    this.cluster = new ModelCluster(join(this.dir, 'volumes'), transport);
    this.bucket = transport === 'direct' ? new ModelBucket(this.disk) : undefined;
    this.ours = this.#installation('ours', transport);
    this.neighbour = this.#installation('neighbour', transport);
    this.installations = [this.ours, this.neighbour];
  }

  get told(): Told {
    return this.ours.told;
  }

  async start(): Promise<void> {
    mkdirSync(this.#backups);
    await this.bucket?.start();
    for (const each of this.installations) {
      mkdirSync(join(this.dir, each.name));
      await each.start();
    }
  }

  /** @returns the names of all files in the directory of the archives. */
  files(): string[] {
    return this.bucket?.files() ?? readdirSync(this.#backups);
  }

  /** Causes a fault after so many effects, or at the end when there are fewer. */
  async after(effects: number, fault: () => Promise<unknown> | void): Promise<void> {
    const faults: unknown[] = [];
    this.#moments.arm(effects, () => faults.push(fault()));
    const until = Date.now() + AFTER_MS;
    const hasWork = (): boolean => this.installations.some(each => each.hasWork);
    while (this.#moments.isArmed && hasWork() && Date.now() < until) await sleep(LOOK_MS);
    this.#moments.fire();
    await Promise.all(faults);
  }

  /** `kill -9`, and a new start. @param again effects after which the new one is killed, too */
  async kill(which: Installation, effects: number, again: number | null): Promise<void> {
    await this.after(effects, () => which.kill());
    if (again !== null) {
      this.#moments.arm(again, () => void which.kill());
      await which.start();
      this.#moments.fire();
      await which.kill();
    }
    await which.start();
  }

  /** An orderly end, and a new start. */
  async restart(which: Installation): Promise<void> {
    await which.stop();
    await which.start();
  }

  stepClock(ms: number): void {
    this.#clockShiftMs += ms;
  }

  /** Ends every fault and lets the queues run dry. */
  async dry(): Promise<void> {
    this.disk.heal();
    this.cluster.heal();
    for (const each of this.installations) await each.dry();
  }

  async remove(): Promise<void> {
    this.disk.heal();
    this.cluster.heal();
    for (const each of this.installations) {
      await each.stop().catch(() => undefined); // the test has failed already
      each.end();
    }
    await this.cluster.stop();
    await this.bucket?.stop();
    await this.disk.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  get #backups(): string {
    return join(this.dir, 'backups');
  }

  #installation(name: string, transport: Transport): Installation {
    return new Installation({
      ...{ name, transport, bucket: this.bucket },
      dir: this.dir,
      cluster: this.cluster,
      disk: this.disk,
      moments: this.#moments,
      now: () => new Date(Date.now() + this.#clockShiftMs),
    });
  }
}
