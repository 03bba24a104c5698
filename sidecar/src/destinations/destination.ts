import type { Readable } from 'node:stream';
import type { Digest } from '../archive/digest.ts';
import type { DirectReads, DirectSender, Otherwise } from './direct.ts';

/** Every call can be stopped. Effects on the storage until then remain, unless the call says otherwise. */
export interface Call {
  signal?: AbortSignal | undefined;
}

/** Where bytes that were read back came from: the storage itself, or memory that may only say what was written. */
export type ReadFrom = 'storage' | 'cache';

/** A stored archive on its way back. */
export interface StoredBytes {
  body: Readable;
  /** @returns where the bytes came from; known when `body` has ended. */
  readFrom(): ReadFrom;
}

export interface StageCall extends Call {
  /**
   * How many bytes may come, as far as that is known: an estimate that may be too small. S3 takes 10,000 parts, so that
   * their size must be chosen before the first is sent.
   */
  expectedBytes?: number | undefined;
  /**
   * Bytes and SHA-256 of `body`, from a caller that computes them anyway. It is asked when `body` has come to its end. Then
   * nothing is hashed twice, and the checksum of the storage is compared with that of the caller.
   */
  digest?: (() => Digest) | undefined;
  /**
   * Registers a last step of an upload that broke off, for the moment at which its sender can send nothing any more: a request
   * that is under way while an upload is aborted may still store its part, and S3 asks for another abort then.
   */
  onceGone?: ((again: () => Promise<void>) => void) | undefined;
}

/**
 * The storage's own account of bytes that it holds, without sending them back.
 *
 * - `checksum`: it computed a checksum of what it stored, and that is the checksum of what was sent
 * - `size`: it says only how many bytes it holds, and these are as many as were sent
 */
export interface Confirmed {
  level: 'checksum' | 'size';
  /** For people: how, e.g. `CRC64NVME of S3`, `sha256sum on the server`. */
  by: string;
}

/** An archive that is stored under a temporary name. */
export interface Staged {
  /** The number of bytes taken. */
  readonly bytes: number;
  /** The file as it is stored, where that is not what was taken, as with encryption. */
  readonly stored?: { bytes: number; sha256: string } | undefined;
  /**
   * Asks the storage what it holds.
   * @returns the strongest that it can say; undefined when it can say nothing: then only reading back proves anything
   * @throws StageError (stage `checksum`, reason `DigestDiffers`) when it holds something else
   */
  confirm(call?: Call): Promise<Confirmed | undefined>;
  /**
   * Gives back what is stored under the temporary name, from the storage itself where that is possible.
   * @throws StageError (stage `checksum`); so does `body` when the storage fails later
   */
  readBack(call?: Call): Promise<StoredBytes>;
  /**
   * Makes the archive durable and gives it its name; afterwards it can be found.
   * @throws StageError (stage `publish`) when the name is taken or the storage refuses. Nothing is left then.
   */
  publish(call?: Call): Promise<void>;
  /** Deletes the temporary. May be called twice, and after `publish`, which it does not undo. */
  discard(call?: Call): Promise<void>;
}

/** A published archive, manifest or index. */
export interface Stored {
  key: string;
  bytes: number;
  /** When its bytes or its name last changed, by the clock of the storage. */
  modifiedAt: Date;
}

/** Bytes of an archive, both ends included, as in an HTTP range. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface Listing extends Call {
  /** Only keys that begin with it. */
  prefix?: string | undefined;
  /** Only keys for which it is true. It is asked before the storage is asked for the size of a key. */
  wanted?: ((key: string) => boolean) | undefined;
}

/** The versions of a deleted key that a storage kept, and whether they could be deleted as well. */
export type VersionsDeleted =
  | { result: 'none' | 'deleted' }
  | {
      result: 'kept';
      /** The end of a lock, where one is known. */
      lockedUntil: Date | undefined;
    }
  | { result: 'unknown'; why: string };

/**
 * Where archives are stored. A key is one flat name (`a__b.tar.gz`), never a path.
 *
 * Temporaries belong to an installation, whose id is part of their names, because several installations may share one
 * storage. Every failure is a StageError with its class.
 */
export interface Destination {
  /** Names the destination in records, for as long as it exists. */
  readonly id: string;
  /** `local` for the directory of the settings, else the kind of the Secret; `memory` in tests. */
  readonly kind: string;
  /** For people: where it is, e.g. a directory or a URL. Never has a credential in it. */
  readonly location: string;
  /** Whether reading back costs no download: then every archive is read back. */
  readonly isNear: boolean;
  /**
   * Whether what is staged can be read back and confirmed only after `publish`, as with S3, which shows nothing of an
   * upload before it is complete. An archive does not count before its manifest, which is written last.
   */
  readonly provesAfterPublish: boolean;

  /** For people: the name of `key` outside of NKVM, e.g. an absolute path. */
  locate(key: string): string;

  /**
   * Stores `body` under a temporary name, in constant memory. `key` cannot be found before `publish`.
   * @throws StageError (stage `copy`) when `body` breaks off or the storage refuses. Nothing is left then.
   */
  stage(key: string, body: Readable, call?: StageCall): Promise<Staged>;

  /**
   * Like `stage`, for a sender that sends the archive to the storage by itself. The account that the storage gives
   * of the parts is compared with what was sent. Absent: archives reach the storage only through this process.
   * @returns `Otherwise` when the archive has to take another way; nothing is left then
   * @throws StageError (stage `copy` or `checksum`). Nothing is left then, either.
   */
  stageDirect?(key: string, sender: DirectSender, call?: StageCall): Promise<Staged | Otherwise>;

  /**
   * Lets a helper read archives by itself. Their bytes are not compared with anything here. Absent: archives are read only
   * through this process.
   * @returns `Otherwise` when the storage cannot give them to anybody else
   * @throws StageError (stage `checksum`) when one is not there, or is encrypted and locked
   */
  readDirect?(keys: readonly string[], call?: Call): Promise<DirectReads | Otherwise>;

  /**
   * Stores a short text in one step, under its final name, durable when the promise resolves.
   * @throws StageError (stage `publish`) when the name is taken or the storage refuses. Nothing is left then, except after
   *   a time limit: then it may have worked.
   */
  put(key: string, text: string, call?: Call): Promise<void>;

  /** @returns `undefined` only when the storage says "not there", never for "could not look". */
  stat(key: string, call?: Call): Promise<Stored | undefined>;

  /** @returns the stored bytes. @throws StageError (stage `checksum`) when the key is not there. */
  open(key: string, call?: Call & { range?: ByteRange | undefined }): Promise<Readable>;

  /** @returns the published keys in pages, in no order. Temporaries are not among them. */
  list(listing?: Listing): AsyncIterable<Stored[]>;

  /** Deletes `key`. One that is not there is no error. */
  remove(key: string, call?: Call): Promise<void>;

  /**
   * Deletes the versions that the storage keeps of a key after `remove`, for the check whether archives can be deleted:
   * never of an archive. Absent: the kind has no versions.
   */
  deleteVersions?(key: string, call?: Call): Promise<VersionsDeleted>;

  /**
   * Deletes temporaries that an earlier process of this installation left, never those of another installation.
   * @returns how many there were.
   */
  sweep(call?: Call): Promise<number>;

  /** @returns bytes that can still be stored; `undefined` where the storage does not say. */
  freeBytes(call?: Call): Promise<number | undefined>;

  /** Ends its connections. Streams under way break off. May be called twice; no other call follows it. */
  close(): Promise<void>;
}

/** @returns all keys that a listing has, sorted. For small destinations: it holds all of them in memory. */
export async function keysOf(destination: Destination, listing?: Listing): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of destination.list(listing)) keys.push(...page.map(({ key }) => key));
  return keys.sort();
}
