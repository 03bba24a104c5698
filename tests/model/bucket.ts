import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { openWith } from '../../sidecar/src/destinations/places/common.ts';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import type { Fate, Passing } from '../servers/requestProxy.ts';
import { s3Refusal, startRequestProxy } from '../servers/requestProxy.ts';
import type { VersitygwServer } from '../servers/versitygw.ts';
import { startVersitygw } from '../servers/versitygw.ts';
import type { Disk, Trouble } from './disk.ts';
import type { Life } from './life.ts';

const REFUSALS: Record<Trouble, Fate> = {
  ENOSPC: s3Refusal(507, 'InsufficientStorage'),
  EROFS: s3Refusal(403, 'AccessDenied'),
};

const isOfHelper = ({ url }: Passing): boolean => url.includes('X-Amz-Signature=');

/** A bucket of a real server. It outlives the sidecars, each of which has a way of its own to it. */
export class ModelBucket {
  readonly #disk: Disk;
  readonly #closers: (() => Promise<unknown>)[] = [];
  #server: VersitygwServer | undefined;
  #bucket = '';

  /** @param disk of the bucket: a fault of the disk is a fault of the bucket */
  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async start(): Promise<void> {
    this.#server = await startVersitygw();
    this.#bucket = await this.#server.makeBucket();
  }

  /** @returns the destination for one life of a sidecar: each of its requests is an effect of that life. */
  async openFor(life: Life, installation: string): Promise<Destination> {
    const server = this.#running();
    const proxy = await startRequestProxy(server);
    proxy.fate = request => this.#fateOf(request, life);
    proxy.forward = (request, answer) =>
      isOfHelper(request) ? answer() : life.untilAnswered(answer());
    const settings = { ...server.settings(this.#bucket), endpoint: proxy.endpoint };
    const { destination } = openWith(
      s3,
      s3.settings.parse(settings),
      {},
      { name: 'offsite', installation, workDir: '/nowhere' }
    );
    this.#closers.push(async () => {
      await destination.close();
      await proxy.stop();
    });
    return destination;
  }

  /** @returns the names of its objects, and the paths of parts of uploads that are not complete (`.sgwtmp/…`). */
  files(): string[] {
    const directory = join(this.#running().files, this.#bucket);
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1));
  }

  async stop(): Promise<void> {
    for (const close of this.#closers) await close();
    await this.#server?.stop();
  }

  #running(): VersitygwServer {
    if (!this.#server) throw new Error('the server of the bucket does not run');
    return this.#server;
  }

  /** Requests of helpers go on when the sidecar has ended, as long as the helper does. */
  async #fateOf(request: Passing, life: Life): Promise<Fate> {
    const effect = life.pass(async () => undefined);
    await (isOfHelper(request) ? Promise.race([effect, life.ended]) : effect);
    const isWrite = ['PUT', 'POST'].includes(request.method);
    return isWrite && this.#disk.trouble ? REFUSALS[this.#disk.trouble] : undefined;
  }
}
