import { hash, randomBytes } from 'node:crypto';

const FOUND = 0x8000;
const PACKED = 0x4000;
const LEFT_OUT = 0x2000;
const LINK = 0x1fff;

/**
 * The paths whose newest version is in an older archive of a chain, in some 15 to 30 bytes each. A path is kept as 64 bits of a
 * hash with a secret of this process, so that nobody can make an archive in which two paths are the same.
 */
export class Wanted {
  /** Paths that were not found yet. */
  left = 0;
  #count = 0;
  readonly #secret = randomBytes(16).toString('hex');
  #hashes = new Uint32Array(2 << 12);
  /** For each slot: 0 while it is free, or the number of the archive that was asked last, plus 1, and what it said. */
  #states = new Uint16Array(1 << 12);
  #high = 0;
  #low = 0;

  /** @param mayBeLeftOut whether it may be a name that backups leave out */
  add(path: string, mayBeLeftOut: boolean): void {
    if ((this.#count + 1) * 3 > this.#states.length * 2) this.#grow();
    this.#hashOf(path);
    const slot = this.#slotOf();
    if (this.#states[slot] !== 0) return;
    this.#put(slot, 1 | (mayBeLeftOut ? LEFT_OUT : 0));
    this.#count++;
    this.left++;
  }

  /** Notes that archive `link` lists the path: as packed in it, or as unchanged since the one before it. */
  list(path: string, link: number, isPacked: boolean): void {
    this.#hashOf(path);
    const slot = this.#slotOf();
    const state = this.#states[slot] as number;
    if (state !== 0 && (state & FOUND) === 0) {
      this.#states[slot] = (link + 1) | (isPacked ? PACKED : 0) | (state & LEFT_OUT);
    }
  }

  /** @returns whether the path was wanted, and no archive has had it before: now it is found in archive `link`. */
  find(path: string, link: number): boolean {
    this.#hashOf(path);
    const slot = this.#slotOf();
    const state = this.#states[slot] as number;
    if (state === 0 || state & FOUND) return false;
    this.#states[slot] = (link + 1) | FOUND;
    this.left--;
    return true;
  }

  /** @returns whether archive `link` is the one in which the path was found. */
  isFoundIn(path: string, link: number): boolean {
    this.#hashOf(path);
    return this.#states[this.#slotOf()] === ((link + 1) | FOUND);
  }

  /**
   * To be called at the end of archive `link`. Of the paths that are left, these are in none:
   *
   * | the archive lists it | it was |
   * | --- | --- |
   * | as packed | a socket, which no tar has, or deleted before tar came to it |
   * | as unchanged, and it is the full one; or not at all | left out, if it may be |
   *
   * @returns how many others there are: an archive of the chain is missing
   */
  endOf(link: number, isFull: boolean): number {
    let missing = 0;
    for (let slot = 0; slot < this.#states.length; slot++) {
      const state = this.#states[slot] as number;
      if (state === 0 || state & FOUND) continue;
      const isListed = (state & LINK) === link + 1;
      const isOlder = isListed && !(state & PACKED);
      if (isOlder && !isFull) continue;
      if (!(isListed && state & PACKED) && !(state & LEFT_OUT)) missing++;
      else {
        this.#states[slot] = state | FOUND;
        this.left--;
      }
    }
    return missing;
  }

  #hashOf(path: string): void {
    const digest = hash('sha1', this.#secret + path, 'buffer');
    this.#high = digest.readUInt32LE(0);
    this.#low = digest.readUInt32LE(4);
  }

  #slotOf(): number {
    const mask = this.#states.length - 1;
    let slot = this.#low & mask;
    while (
      this.#states[slot] !== 0 &&
      (this.#hashes[2 * slot] !== this.#high || this.#hashes[2 * slot + 1] !== this.#low)
    ) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #put(slot: number, state: number): void {
    this.#hashes[2 * slot] = this.#high;
    this.#hashes[2 * slot + 1] = this.#low;
    this.#states[slot] = state;
  }

  #grow(): void {
    const [hashes, states] = [this.#hashes, this.#states];
    this.#hashes = new Uint32Array(2 * hashes.length);
    this.#states = new Uint16Array(2 * states.length);
    for (let slot = 0; slot < states.length; slot++) {
      if (states[slot] === 0) continue;
      this.#high = hashes[2 * slot] as number;
      this.#low = hashes[2 * slot + 1] as number;
      this.#put(this.#slotOf(), states[slot] as number);
    }
  }
}
