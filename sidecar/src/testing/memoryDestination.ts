import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Destination, Staged } from '../destinations/destination.ts';
import { checkKey } from '../destinations/key.ts';
import { archiveMissing, nameTaken, streamBroke, temporaryGone } from '../destinations/refusals.ts';

/** What a memory destination holds: it outlives the destination, as a disk outlives a process. */
export interface MemoryStorage {
  archives: Map<string, Buffer>;
  temporaries: Set<object>;
}

export const memoryStorage = (): MemoryStorage => ({
  archives: new Map(),
  temporaries: new Set(),
});

/** Archives in memory, for tests of whatever needs a destination. It passes the suite of the real ones. */
export function memoryDestination(storage: MemoryStorage = memoryStorage()): Destination {
  const { archives, temporaries } = storage;
  const underWay = new Set<object>();

  const letGo = (temporary: object) => {
    temporaries.delete(temporary);
    underWay.delete(temporary);
  };

  function publish(key: string, temporary: { contents: Buffer }) {
    if (!temporaries.has(temporary)) throw temporaryGone(locate(key));
    letGo(temporary);
    if (archives.has(key)) throw nameTaken(locate(key));
    archives.set(key, temporary.contents);
  }

  async function stage(key: string, body: Readable, signal?: AbortSignal): Promise<Staged> {
    const temporary = { contents: Buffer.alloc(0) };
    temporaries.add(temporary);
    underWay.add(temporary);
    try {
      checkKey(key);
      temporary.contents = await contentsOf(body, signal);
    } catch (error) {
      body.destroy();
      letGo(temporary);
      throw streamBroke(key, error, signal);
    }
    let published: Promise<void> | undefined;
    return {
      bytes: temporary.contents.length,
      publish: () => (published ??= (async () => publish(key, temporary))()),
      discard: async () => letGo(temporary),
    };
  }

  const locate = (key: string) => `memory:${key}`;

  return {
    locate,
    stage,
    async put(key, text) {
      checkKey(key);
      if (archives.has(key)) throw nameTaken(locate(key));
      archives.set(key, Buffer.from(text));
    },
    async stat(key) {
      checkKey(key);
      const archive = archives.get(key);
      return archive && { bytes: archive.length };
    },
    async open(key) {
      checkKey(key);
      const archive = archives.get(key);
      if (!archive) throw archiveMissing(locate(key));
      return Readable.from([archive], { objectMode: false });
    },
    list: async () => [...archives.keys()].sort(),
    async remove(key) {
      checkKey(key);
      archives.delete(key);
    },
    async sweep() {
      const left = [...temporaries].filter(temporary => !underWay.has(temporary));
      left.forEach(letGo);
      return left.length;
    },
    freeBytes: async () => undefined,
  };
}

async function contentsOf(body: Readable, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await pipeline(
    body,
    async function collect(source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) chunks.push(Buffer.from(chunk));
    },
    { signal }
  );
  return Buffer.concat(chunks);
}
