import type { Readable } from 'node:stream';

/** An archive that lies at its destination under a temporary name. */
export interface Staged {
  /** What was written, in bytes. */
  readonly bytes: number;
  /**
   * Makes the archive durable and gives it its name; afterwards it can be found.
   * @throws StageError (stage `publish`) when the name is taken or the storage refuses. Nothing is left then.
   */
  publish(): Promise<void>;
  /** Takes the temporary away. May be called twice, and after `publish`, which it does not undo. */
  discard(): Promise<void>;
}

/** Where archives live. A key is one flat name (`a__b.tar.gz`), never a path. */
export interface Destination {
  /** For people: what `key` is called outside of NKVM, e.g. an absolute path. */
  locate(key: string): string;

  /**
   * Takes `body` to its end under a temporary name, in constant memory. Nobody finds `key` before `publish`.
   * @throws StageError (stage `copy`) when `body` breaks off or the storage refuses. Nothing is left then.
   */
  stage(key: string, body: Readable, signal?: AbortSignal): Promise<Staged>;

  /**
   * Takes a short text in one step, under its final name, durable when the promise resolves.
   * @throws StageError (stage `publish`) when the name is taken or the storage refuses. Nothing is left then.
   */
  put(key: string, text: string): Promise<void>;

  /** @returns size in bytes; `undefined` only when the storage says "not there", never for "could not look". */
  stat(key: string): Promise<{ bytes: number } | undefined>;

  /** @returns the stored bytes, to be read back. @throws StageError (stage `checksum`) when it is not there. */
  open(key: string): Promise<Readable>;

  /** @returns the published keys, sorted. Temporaries are not among them. */
  list(): Promise<string[]>;

  /** Takes `key` away. One that is not there is no error. */
  remove(key: string): Promise<void>;

  /** Takes away temporaries that an earlier process left. @returns how many there were. */
  sweep(): Promise<number>;

  /** @returns bytes that can still be stored; `undefined` where the storage does not say. */
  freeBytes(): Promise<number | undefined>;
}
