import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hashAndCount } from '../../archive/digest.ts';
import { StageError } from '../../errors.ts';
import { checkKey } from '../common/key.ts';
import { publishError, putByStaging } from '../common/putByStaging.ts';
import { archiveMissing, nameTaken, streamBroke, temporaryGone } from '../common/refusals.ts';
import type { ByteRange, Call, Destination, Staged } from '../destination.ts';
import type { PlaceContext } from '../kind.ts';
import type { Running } from './command.ts';
import { resticCommand } from './command.ts';
import type { ResticSettings } from './settings.ts';
import { locationOf } from './settings.ts';
import type { StoredSnapshot } from './snapshots.ts';
import { readSnapshots, TAG } from './snapshots.ts';

/** Answers of `stat` and `open` on what is there are this old at most; "not there" is always asked again. */
const FRESH_MS = 5_000;

const PAGE = 500;

/**
 * restic reads what this command gives, and makes a snapshot only when it ends well: the bytes come in on descriptor 3, and
 * the word that the archive may be published on descriptor 4. Without that word, when the run fails or NKVM is killed, no
 * snapshot comes to be, however cleanly the stream of bytes ended.
 */
const RELAY = ['sh', '-c', 'cat <&3; read -r word <&4 && [ "$word" = publish ]'];

/**
 * A restic repository, made by a person with `restic init`. Each archive, manifest and index is a snapshot of one file of that
 * name, so that `restic dump SNAPSHOT KEY` gives it back without NKVM.
 *
 * Equal parts of archives are stored once. `remove` forgets the snapshot; what it alone had stays until a person prunes.
 * Reading a part reads everything before it.
 */
export function resticDestination(
  settings: ResticSettings,
  { name, workDir }: Pick<PlaceContext, 'name' | 'workDir'>,
  program?: string
): Destination {
  const location = locationOf(settings);
  const restic = resticCommand(settings, workDir, program);
  const locate = (key: string) => `${location}:${key}`;
  const underWay = new Set<Running>();

  let known: { at: number; snapshots: Map<string, StoredSnapshot> } | undefined;
  async function look(call: Call): Promise<Map<string, StoredSnapshot>> {
    const at = performance.now();
    const snapshots = await readSnapshots(restic, location, call);
    known = { at, snapshots };
    return snapshots;
  }
  async function find(key: string, call: Call): Promise<StoredSnapshot | undefined> {
    const isFresh = known && performance.now() - known.at < FRESH_MS;
    return (isFresh && known?.snapshots.get(key)) || (await look(call)).get(key);
  }

  async function begin(key: string, call: Call): Promise<Running> {
    const options = ['--host', TAG, '--tag', TAG, '--stdin-filename', key];
    // There is no parent to compare with: each key is stored once.
    const compression = key.endsWith('.gz') ? 'off' : 'auto'; // it is compressed already
    const args = [
      ...['backup', '--json', '--quiet', '--force', '--group-by', ''],
      ...['--compression', compression, '--read-concurrency', '1', ...options],
    ];
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'] as const;
    const running = await restic.start(
      'copy',
      [...args, '--stdin-from-command', '--', ...RELAY],
      call,
      [...stdio]
    );
    underWay.add(running);
    running.ended.finally(() => underWay.delete(running)).catch(() => undefined);
    return running;
  }

  const stage: Destination['stage'] = async (key, body, call = {}) => {
    const { signal } = call;
    let running: Running | undefined;
    const counted = hashAndCount();
    try {
      checkKey(key);
      if (body.errored) throw body.errored;
      signal?.throwIfAborted();
      running = await begin(key, {});
      await sendAll(running, body, counted, signal);
    } catch (error) {
      body.destroy();
      await giveUp(running);
      throw streamBroke(key, error, signal);
    }
    return stagedAs(key, running, counted.digest());
  };

  function stagedAs(
    key: string,
    running: Running,
    sent: { bytes: number; sha256: string }
  ): Staged {
    let [published, isGone]: [Promise<void>?, boolean?] = [];
    const finish = async (call: Call) => {
      if (isGone) throw temporaryGone(locate(key));
      try {
        if ((await look(call)).has(key)) throw nameTaken(locate(key));
        if (sent.bytes === 0) throw emptyRefused(locate(key));
        wordOf(running).end('publish\n');
        await running.ended;
      } catch (error) {
        await giveUp(running);
        throw publishError(error);
      }
      known = undefined;
      const stored = (await look(call)).get(key);
      if (stored?.bytes !== sent.bytes) throw notStored(locate(key), sent.bytes, stored?.bytes);
    };
    return {
      bytes: sent.bytes,
      confirm: async () => undefined,
      async readBack(call = {}) {
        if (!published) throw archiveMissing(locate(key));
        await published;
        return { body: await open(key, call), readFrom: () => 'storage' };
      },
      publish: (call = {}) => (published ??= finish(call)),
      async discard() {
        if (published) return;
        isGone = true;
        await giveUp(running);
      },
    };
  }

  async function open(
    key: string,
    { range, signal }: Call & { range?: ByteRange | undefined } = {}
  ): Promise<Readable> {
    checkKey(key);
    const stored = await find(key, { signal });
    if (!stored) throw archiveMissing(locate(key));
    if (range && range.start >= stored.bytes) return Readable.from([], { objectMode: false });
    const running = await restic.start('checksum', ['dump', stored.id, `/${key}`], { signal });
    underWay.add(running);
    running.ended.finally(() => underWay.delete(running)).catch(() => undefined);
    return Readable.from(bytesOf(running, stored.bytes, range), { objectMode: false });
  }

  return {
    id: name,
    kind: 'restic',
    location,
    isNear: false,
    provesAfterPublish: true,
    locate,
    stage,
    put: putByStaging(stage),
    async stat(key, call = {}) {
      checkKey(key);
      const stored = await find(key, call);
      return stored && { key, bytes: stored.bytes, modifiedAt: stored.modifiedAt };
    },
    open,
    async *list({ prefix = '', wanted = () => true, signal } = {}) {
      const all = [...(await look({ signal })).values()].filter(
        ({ key }) => key.startsWith(prefix) && wanted(key)
      );
      for (let at = 0; at < all.length; at += PAGE)
        yield all
          .slice(at, at + PAGE)
          .map(({ key, bytes, modifiedAt }) => ({ key, bytes, modifiedAt }));
    },
    async remove(key, call = {}) {
      checkKey(key);
      for (;;) {
        const stored = (await look(call)).get(key);
        if (!stored) return;
        await restic.run('cleanup', ['forget', '--quiet', stored.id], call);
        known = undefined;
      }
    },
    /** Data that a killed process has sent are in no snapshot; `restic prune` deletes it. */
    sweep: async () => 0,
    freeBytes: async () => undefined,
    async close() {
      await Promise.all([...underWay].map(giveUp));
    },
  };
}

const inputOf = ({ child }: Running): Writable => child.stdio[3] as Writable;
const wordOf = ({ child }: Running): Writable => child.stdio[4] as Writable;

/** Sends `body` to its end. @throws what broke off first: `body`, or restic */
async function sendAll(
  running: Running,
  body: Readable,
  counted: ReturnType<typeof hashAndCount>,
  signal?: AbortSignal
): Promise<void> {
  const input = inputOf(running);
  // Closing is seen on the descriptor that broke; restic says why it ended.
  wordOf(running).on('error', () => undefined);
  let hasLeft = false;
  const isBodyBroken = () => Boolean(body.errored) || (body.destroyed && !body.readableEnded);
  const look = () => (hasLeft ||= !isBodyBroken());
  input.once('error', look).once('close', look);
  try {
    await pipeline(body, counted, input, { signal });
  } catch (error) {
    // restic closes its descriptors before it can be asked why it has ended.
    if (hasLeft && !signal?.aborted) await running.ended;
    throw body.errored ?? error;
  }
}

/** Ends a restic without a snapshot, and waits until it has removed its lock. Never throws. */
async function giveUp(running: Running | undefined): Promise<void> {
  if (!running) return;
  const { child, ended } = running;
  for (const each of child.stdio.slice(3)) (each as Writable | null)?.destroy();
  child.kill('SIGTERM');
  await ended.catch(() => undefined);
}

/** The output of restic, or a part of it: it always begins with the first byte. */
async function* bytesOf(
  running: Running,
  bytes: number,
  range: ByteRange | undefined
): AsyncGenerator<Buffer> {
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  let at = 0;
  let isWhole = false;
  try {
    for await (const piece of running.child.stdout as AsyncIterable<Buffer>) {
      const part = piece.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
      at += piece.length;
      if (part.length > 0) yield part;
      if (range && at > end) break;
    }
    isWhole = !range || at <= end;
    if (isWhole) await running.ended;
  } finally {
    if (!isWhole) await giveUp(running);
  }
}

/** restic ends with exit code 3 then, and has made a snapshot without the file. */
const emptyRefused = (place: string) =>
  new StageError(
    'publish',
    'EmptyRefused',
    `archive ${place} has no bytes, and restic takes that for a failure`,
    'find out why no bytes were sent; even the archive of an empty volume has some bytes',
    'needs-action'
  );

const notStored = (place: string, sent: number, found: number | undefined) =>
  new StageError(
    'checksum',
    'DigestDiffers',
    `archive ${place} has ${found ?? 'no'} bytes in its snapshot; ${sent} were sent`,
    'run restic check on the repository',
    'unknown'
  );
