import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { uploadKey, uploadPrefix } from '../archive/uploadName.ts';
import type { Destination } from '../destinations/destination.ts';
import { readText } from '../destinations/read/readText.ts';
import { nearlyFull } from '../destinations/room.ts';
import { sizeText } from '../destinations/size.ts';
import { StageError, textOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ArchiveRef } from './openArchive.ts';
import { checkedUpload, limitedBody } from './uploadBody.ts';

/** Facts about an upload, stored beside it, so that they outlive the process. */
const Record = z.object({
  id: z.string(),
  namespace: z.string(),
  namespaceUid: z.string(),
  bytes: z.int().min(0),
  sha256: z.string(),
  files: z.int().min(0),
  rawBytes: z.int().min(0),
  expiresAt: z.iso.datetime(),
});
export type UploadRecord = z.infer<typeof Record>;

/** Archives that people have sent to be restored. They are at the destination, under names that are not those of archives. */
export interface Uploads {
  /**
   * Takes a `.tar.gz` to its end, and unpacks it once to see that it is complete. Nothing is left when that fails.
   * @param announcedBytes undefined: the client does not say
   * @throws StageError
   */
  take(upload: NewUpload, signal?: AbortSignal): Promise<UploadRecord>;
  /** @returns undefined: there is none, or it has expired. */
  get(id: string): UploadRecord | undefined;
  /** The same, and waits for what an earlier process has left. */
  find(id: string): Promise<(UploadRecord & { destination: Destination; key: string }) | undefined>;
  ref(id: string): ArchiveRef | undefined;
  /** @returns how many uploads of a namespace are kept. */
  heldBy(namespace: string): number;
  /** @throws StageError (`UploadInUse`) while a restore needs it */
  remove(id: string): Promise<void>;
  stop(): void;
}

export interface NewUpload {
  namespace: string;
  namespaceUid: string;
  body: Readable;
  announcedBytes: number | undefined;
}

export interface UploadsOptions {
  destination: Destination;
  installation: string;
  maxBytes: number;
  /** Space that stays free at the destination. */
  floorBytes: number;
  /** Whether a restore that has not ended needs it. */
  isInUse(id: string): boolean;
  onRemove(key: string): void;
  log: Pick<Log, 'info' | 'warn'>;
  now?: () => number;
}

const UPLOAD_MS = 24 * 3_600_000;
const SWEEP_MS = 5 * 60_000;
const RECORD_BYTES = 64 * 1024;

export function uploadsAt(options: UploadsOptions): Uploads {
  const { destination, installation, log, now = Date.now } = options;
  const prefix = uploadPrefix(installation);
  const keyOf = (id: string): string => uploadKey(installation, id);
  const records = new Map<string, UploadRecord>();

  const removeFiles = async (key: string): Promise<void> => {
    // The record goes last: what has one is found again.
    for (const each of [key, `${key}.index.gz`, `${key}.json`]) await destination.remove(each);
    options.onRemove(key);
  };

  const live = (id: string): UploadRecord | undefined => {
    const record = records.get(id);
    const isOver = record && Date.parse(record.expiresAt) <= now() && !options.isInUse(id);
    return isOver ? undefined : record;
  };

  /** Finds what an earlier process has left, and deletes what is not complete. */
  const recover = async (): Promise<void> => {
    const left = new Set<string>();
    for await (const page of destination.list({ prefix }))
      for (const { key } of page) left.add(key.replace(/\.(json|index\.gz)$/, ''));
    for (const key of left) {
      const isThere = (await destination.stat(key)) !== undefined;
      const record = isThere ? await recordAt(destination, `${key}.json`) : undefined;
      if (record && keyOf(record.id) === key) records.set(record.id, record);
      else if (![...records.keys()].some(id => keyOf(id) === key)) await removeFiles(key);
    }
  };

  const sweep = async (): Promise<void> => {
    for (const id of [...records.keys()]) {
      if (live(id)) continue;
      try {
        await removeFiles(keyOf(id));
        records.delete(id);
        log.info({ upload: id }, `upload ${id} was not used and has been deleted`);
      } catch (error) {
        log.warn({ upload: id }, `upload ${id} could not be deleted: ${textOf(error)}`);
      }
    }
  };

  const recovered = recover().catch(error =>
    log.warn({}, `uploads of an earlier process could not be read: ${textOf(error)}`)
  );
  const timer = setInterval(() => void sweep(), SWEEP_MS).unref();

  /** Bytes that uploads under way may still bring. */
  let promised = 0;

  /**
   * All uploads together take no more than half of the space that would be free without them: backups need the other half, and
   * whoever may upload for one namespace could keep those of all others from running.
   * @returns how many bytes may come, which are promised until `giveBack`
   * @throws StageError when the announced, or any, upload cannot fit
   */
  const takeRoom = async (announced: number | undefined) => {
    const { maxBytes, floorBytes } = options;
    if (announced !== undefined && announced > maxBytes) throw tooBig(maxBytes);
    const free = await destination.freeBytes();
    let mostBytes = announced ?? maxBytes;
    if (free !== undefined) {
      const full = nearlyFull(free - promised, floorBytes);
      if (full) throw full;
      const held = [...records.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      const share = Math.floor((free + held) / 2) - held - promised;
      const room = Math.min(share, free - promised - floorBytes);
      if (room <= 0 || (announced ?? 0) > room) throw noShare();
      mostBytes = Math.min(mostBytes, room);
    }
    promised += mostBytes;
    return { mostBytes, giveBack: () => void (promised -= mostBytes) };
  };

  return {
    async take({ namespace, namespaceUid, body, announcedBytes }, signal) {
      await recovered; // it would take this one for the rest of an earlier one
      const id = randomBytes(16).toString('hex');
      const key = keyOf(id);
      const { mostBytes, giveBack } = await takeRoom(announcedBytes);
      const sent = limitedBody(body, mostBytes, () =>
        mostBytes < options.maxBytes ? noShare() : tooBig(mostBytes)
      );
      // Bytes that arrived are no longer free, so they are counted twice: meanwhile, other uploads may be smaller only.
      const staged = await destination.stage(key, sent.body, { signal }).finally(giveBack);
      try {
        const facts = await checkedUpload(key, staged, sent.digest(), signal);
        const expiresAt = new Date(now() + UPLOAD_MS).toISOString();
        const record = { id, namespace, namespaceUid, ...facts, expiresAt };
        await staged.publish({ signal });
        try {
          await destination.put(`${key}.json`, JSON.stringify(record), { signal });
        } catch (error) {
          await removeFiles(key);
          throw error;
        }
        records.set(id, record);
        return record;
      } finally {
        await staged.discard();
      }
    },
    get: live,
    heldBy: namespace =>
      [...records.values()].filter(record => record.namespace === namespace).length,
    async find(id) {
      await recovered;
      const record = live(id);
      return record && { ...record, destination, key: keyOf(id) };
    },
    ref(id) {
      const record = live(id);
      return record && { destination, key: keyOf(id), bytes: record.bytes, manifest: undefined };
    },
    async remove(id) {
      if (options.isInUse(id)) throw inUse();
      records.delete(id);
      await removeFiles(keyOf(id));
    },
    stop: () => clearInterval(timer),
  };
}

async function recordAt(destination: Destination, key: string): Promise<UploadRecord | undefined> {
  if (!(await destination.stat(key))) return undefined;
  try {
    return Record.safeParse(JSON.parse(await readText(destination, key, RECORD_BYTES))).data;
  } catch (error) {
    if (error instanceof StageError) throw error;
    return undefined; // half of one
  }
}

const tooBig = (maxBytes: number) =>
  new StageError(
    'copy',
    'UploadTooBig',
    `the upload is bigger than ${sizeText(maxBytes)}`,
    'put the archive into the backup directory instead, or raise NKVM_UPLOAD_LIMIT',
    'needs-action'
  );

/** It has no numbers: how much is free is for administrators of NKVM, and the length of an upload can be chosen to find it out. */
const noShare = () =>
  new StageError(
    'copy',
    'DestinationNearlyFull',
    'the upload does not fit: all uploads together may use half of the free space of the destination',
    'delete uploads that are not needed, or put the archive into the backup directory instead',
    'needs-action'
  );

const inUse = () =>
  new StageError(
    'queue',
    'UploadInUse',
    'the uploaded file is in use by a restore that has not ended',
    'wait for the restore, or cancel it',
    'needs-action'
  );
