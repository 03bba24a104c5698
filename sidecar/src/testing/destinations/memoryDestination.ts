import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkKey } from '../../destinations/common/key.ts';
import {
  archiveMissing,
  nameTaken,
  streamBroke,
  temporaryGone,
} from '../../destinations/common/refusals.ts';
import type { Destination } from '../../destinations/destination.ts';

interface Temporary {
  installation: string;
  contents: Buffer;
}

/** What a memory destination holds: it outlives the destination, as a disk outlives a process. */
export interface MemoryStorage {
  archives: Map<string, Buffer>;
  /** When an archive was stored, where a test says so. */
  modifiedAt: Map<string, Date>;
  temporaries: Set<Temporary>;
}

export const memoryStorage = (): MemoryStorage => ({
  archives: new Map(),
  modifiedAt: new Map(),
  temporaries: new Set(),
});

/** Archives in memory, for tests of whatever needs a destination. It passes the suite of the real ones. */
export function memoryDestination(
  storage: MemoryStorage = memoryStorage(),
  installation = 'memory'
): Destination {
  const { archives, temporaries } = storage;
  const underWay = new Set<Temporary>();

  const letGo = (temporary: Temporary) => {
    temporaries.delete(temporary);
    underWay.delete(temporary);
  };

  function publish(key: string, temporary: Temporary) {
    if (!temporaries.has(temporary)) throw temporaryGone(locate(key));
    letGo(temporary);
    if (archives.has(key)) throw nameTaken(locate(key));
    archives.set(key, temporary.contents);
  }

  const stage: Destination['stage'] = async (key, body, { signal } = {}) => {
    const temporary = { installation, contents: Buffer.alloc(0) };
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
      confirm: async () => undefined,
      async readBack() {
        if (!temporaries.has(temporary)) throw archiveMissing(locate(key));
        return { body: bodyOf(temporary.contents), readFrom: () => 'cache' };
      },
      publish: () => (published ??= (async () => publish(key, temporary))()),
      discard: async () => letGo(temporary),
    };
  };

  const locate = (key: string) => `memory:${key}`;
  const bodyOf = (contents: Buffer) => Readable.from([contents], { objectMode: false });
  const storedAt = (key: string) => {
    const archive = archives.get(key);
    const modifiedAt = storage.modifiedAt.get(key) ?? new Date(0);
    return archive && { key, bytes: archive.length, modifiedAt };
  };

  return {
    id: 'memory',
    kind: 'memory',
    location: 'memory',
    isNear: true,
    provesAfterPublish: false,
    locate,
    stage,
    async put(key, text) {
      checkKey(key);
      if (archives.has(key)) throw nameTaken(locate(key));
      archives.set(key, Buffer.from(text));
    },
    async stat(key) {
      checkKey(key);
      return storedAt(key);
    },
    async open(key, { range } = {}) {
      checkKey(key);
      const archive = archives.get(key);
      if (!archive) throw archiveMissing(locate(key));
      return bodyOf(range ? archive.subarray(range.start, range.end + 1) : archive);
    },
    async *list({ prefix = '', wanted = () => true } = {}) {
      // Pages of one: whoever reads only the first is found out.
      for (const key of [...archives.keys()].filter(each => each.startsWith(prefix))) {
        const stored = wanted(key) && storedAt(key);
        if (stored) yield [stored];
      }
    },
    async remove(key) {
      checkKey(key);
      archives.delete(key);
    },
    async sweep() {
      const left = [...temporaries].filter(
        temporary => temporary.installation === installation && !underWay.has(temporary)
      );
      left.forEach(letGo);
      return left.length;
    },
    freeBytes: async () => undefined,
    close: async () => undefined,
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
