import { hash, randomBytes } from 'node:crypto';
import { DIGEST_BYTES } from './contentDigest.ts';
import type { Entry } from './entry.ts';
import { TYPES } from './entry.ts';

/** Records in one piece of memory. Growing adds a piece and copies nothing. */
const SHIFT = 14;
const PER_CHUNK = 1 << SHIFT;
const MASK = PER_CHUNK - 1;

/** Facts about a record beside its fields; bits of `flags`. */
export const SEEN = 1;
/** A directory that the archive has no entry for: it only stands in the path of another one. */
export const IMPLIED = 2;
/** tar said that it could not set this; see `MESSAGE_KINDS`. */
export const SAID = {
  owner: 4,
  mode: 8,
  time: 16,
  xattr: 32,
  acl: 64,
  selinux: 128,
  capability: 256,
  device: 512,
} as const;

/** Hard links lead to this record. */
const LEADER = 2048;
/** The path of this record has another one now, see `Records.renewed`. */
const FORMER = 4096;

/** A record's number says that there is none. */
export const NONE = -1;

interface Chunk {
  hash: Uint32Array;
  digest: Uint8Array;
  type: Uint8Array;
  flags: Uint16Array;
  mode: Uint16Array;
  uid: Uint32Array;
  gid: Uint32Array;
  seconds: Float64Array;
  nanoseconds: Uint32Array;
  size: Float64Array;
  /** Of extended attributes, ACLs and file capabilities; 0: none. */
  attributes: Uint32Array;
  /** Number + 1 of the entry whose hard link this is; 0: none. */
  leader: Uint32Array;
}

const newChunk = (): Chunk => ({
  hash: new Uint32Array(2 * PER_CHUNK),
  digest: new Uint8Array(DIGEST_BYTES * PER_CHUNK),
  type: new Uint8Array(PER_CHUNK),
  flags: new Uint16Array(PER_CHUNK),
  mode: new Uint16Array(PER_CHUNK),
  uid: new Uint32Array(PER_CHUNK),
  gid: new Uint32Array(PER_CHUNK),
  seconds: new Float64Array(PER_CHUNK),
  nanoseconds: new Uint32Array(PER_CHUNK),
  size: new Float64Array(PER_CHUNK),
  attributes: new Uint32Array(3 * PER_CHUNK),
  leader: new Uint32Array(PER_CHUNK),
});

/** The properties by which two entries of the same path are compared. */
export interface Facts {
  type: Entry['type'];
  mode: number;
  uid: number;
  gid: number;
  seconds: number;
  nanoseconds: number;
  size: number;
  /** Of the content of a file, the target of a symbolic link, the numbers of a device. */
  digest: Buffer;
  xattrs: number;
  acls: number;
  capability: number;
}

/**
 * The entries of an archive by path, in about 80 bytes each: a path is kept as 64 bits of a hash with a secret of this
 * process, so that nobody can make an archive in which two paths are the same.
 */
export class Records {
  count = 0;
  readonly #secret = randomBytes(16).toString('hex');
  readonly #chunks: Chunk[] = [];
  #slots = new Uint32Array(1 << 16);
  #high = 0;
  #low = 0;

  /** @returns the record's number, or `NONE`. */
  find(path: string): number {
    this.#hashOf(path);
    return this.#lookUp();
  }

  /** @returns the number of the record of this path; a new one where there is none. */
  at(path: string): number {
    this.#hashOf(path);
    const found = this.#lookUp();
    if (found !== NONE) return found;
    const record = this.count++;
    if ((record & MASK) === 0) this.#chunks.push(newChunk());
    const { hash } = this.#chunk(record);
    hash[2 * (record & MASK)] = this.#high;
    hash[2 * (record & MASK) + 1] = this.#low;
    if (this.count * 3 > this.#slots.length * 2) this.#grow();
    else this.#insert(record);
    return record;
  }

  /**
   * @returns the number of the record for an entry whose path came before. Where hard links lead to the entry that it was, these
   *   keep its record, as they keep the file in a volume, and the path gets another one.
   */
  renewed(path: string): number {
    const record = this.at(path);
    if ((this.flags(record) & LEADER) === 0) return record;
    this.addFlags(record, FORMER | IMPLIED);
    const slot = this.#slotOf(record);
    const next = this.count++;
    if ((next & MASK) === 0) this.#chunks.push(newChunk());
    const { hash } = this.#chunk(next);
    hash[2 * (next & MASK)] = this.#high;
    hash[2 * (next & MASK) + 1] = this.#low;
    this.#slots[slot] = next + 1;
    if (this.count * 3 > this.#slots.length * 2) this.#grow();
    return next;
  }

  set(record: number, facts: Facts): void {
    const chunk = this.#chunk(record);
    const at = record & MASK;
    chunk.type[at] = TYPES.indexOf(facts.type);
    chunk.flags[at] = 0;
    chunk.mode[at] = facts.mode;
    chunk.uid[at] = facts.uid;
    chunk.gid[at] = facts.gid;
    chunk.seconds[at] = facts.seconds;
    chunk.nanoseconds[at] = facts.nanoseconds;
    chunk.leader[at] = 0;
    chunk.attributes.set([facts.xattrs, facts.acls, facts.capability], 3 * at);
    this.setContent(record, facts.size, facts.digest);
  }

  setContent(record: number, size: number, digest: Buffer): void {
    const chunk = this.#chunk(record);
    chunk.size[record & MASK] = size;
    chunk.digest.set(digest, DIGEST_BYTES * (record & MASK));
  }

  get(record: number): Facts {
    const chunk = this.#chunk(record);
    const at = record & MASK;
    return {
      type: this.type(record),
      mode: chunk.mode[at] as number,
      uid: chunk.uid[at] as number,
      gid: chunk.gid[at] as number,
      seconds: chunk.seconds[at] as number,
      nanoseconds: chunk.nanoseconds[at] as number,
      size: chunk.size[at] as number,
      digest: Buffer.from(chunk.digest.buffer, DIGEST_BYTES * at, DIGEST_BYTES),
      xattrs: chunk.attributes[3 * at] as number,
      acls: chunk.attributes[3 * at + 1] as number,
      capability: chunk.attributes[3 * at + 2] as number,
    };
  }

  type(record: number): Entry['type'] {
    return TYPES[this.#chunk(record).type[record & MASK] as number] as Entry['type'];
  }

  flags(record: number): number {
    return this.#chunk(record).flags[record & MASK] as number;
  }

  addFlags(record: number, flags: number): void {
    const chunk = this.#chunk(record);
    chunk.flags[record & MASK] = this.flags(record) | flags;
  }

  /** Whether each record has one of these flags. */
  areAll(flags: number): boolean {
    for (let record = 0; record < this.count; record++) {
      if ((this.flags(record) & flags) === 0) return false;
    }
    return true;
  }

  /** The entry whose hard link this is; itself if it is not a hard link. */
  leader(record: number): number {
    const leader = this.#chunk(record).leader[record & MASK] as number;
    return leader === 0 ? record : leader - 1;
  }

  setLeader(record: number, leader: number): void {
    this.#chunk(record).leader[record & MASK] = leader + 1;
    this.addFlags(leader, LEADER);
  }

  /** @returns 32 bits that stand for a text, never 0. */
  shortHash(text: string): number {
    this.#hashOf(text);
    return this.#high || 1;
  }

  /** @returns the digest of a text, as long as that of a content. */
  digestOf(text: string): Buffer {
    return hash('sha256', this.#secret + text, 'buffer').subarray(0, DIGEST_BYTES);
  }

  #chunk(record: number): Chunk {
    return this.#chunks[record >> SHIFT] as Chunk;
  }

  #hashOf(text: string): void {
    const digest = hash('sha1', this.#secret + text, 'binary');
    this.#high = word(digest, 0);
    this.#low = word(digest, 4);
  }

  #lookUp(): number {
    const mask = this.#slots.length - 1;
    for (let slot = this.#low & mask; ; slot = (slot + 1) & mask) {
      const record = (this.#slots[slot] as number) - 1;
      if (record === NONE) return NONE;
      const { hash } = this.#chunk(record);
      const at = 2 * (record & MASK);
      if (hash[at] === this.#high && hash[at + 1] === this.#low) return record;
    }
  }

  #slotOf(record: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#low & mask;
    while (this.#slots[slot] !== record + 1) slot = (slot + 1) & mask;
    return slot;
  }

  #insert(record: number): void {
    if (this.flags(record) & FORMER) return;
    const mask = this.#slots.length - 1;
    const low = this.#chunk(record).hash[2 * (record & MASK) + 1] as number;
    let slot = low & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = record + 1;
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let record = 0; record < this.count; record++) this.#insert(record);
  }
}

const word = (bytes: string, at: number): number =>
  ((bytes.charCodeAt(at) << 24) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at + 2) << 8) |
    bytes.charCodeAt(at + 3)) >>>
  0;
