import { setImmediate } from 'node:timers/promises';
import { StageError } from '../../errors.ts';
import { textOfPath } from '../entryPath.ts';
import type { ArchiveIndex } from '../index/archiveIndex.ts';
import { IndexBuilder } from '../index/builder.ts';
import { dropNodes } from '../index/dropNodes.ts';
import { DIRECTORY, HARDLINK } from '../index/entry.ts';
import { findChild, ROOT } from '../index/table.ts';
import type { NameState } from './dumpdir.ts';

/** Nodes that are looked at before others may use the process: some milliseconds. */
const PIECE = 32_768;

const FOUND = 0x8000;
const PACKED = 0x4000;
const LINK = 0x3fff;

/** All entries of a volume at the time of an increment, of whose archives each has a part. */
export interface MergedIndex {
  /** Its blocks are those of all tars, one after the other, the newest first. */
  index: ArchiveIndex;
  /** The block with which each of them begins. */
  starts: number[];
}

/**
 * Merges the indexes of a chain into one, by the same rules by which a helper unpacks a chain (helper/unpack/program/chain.ts).
 * The archives come newest first:
 *
 * | archive | entry | |
 * | --- | --- | --- |
 * | the newest | any | is taken. Each directory is there, with all its names; a name that is unchanged is wanted from now on |
 * | an older one | a directory | is left out |
 * | | anything else | is taken if it is wanted, and no newer one has it |
 *
 * Of each archive, first its index is taken, then all names of its directories, then its end is told.
 */
export class ChainMerge {
  private builder: IndexBuilder | undefined;
  private readonly starts: number[] = [0];
  /** Nodes of the newest archive itself; those of names that are wanted come after them. */
  private own = 0;
  /** For each wanted node: 0, or the number of the archive that listed it last + 1, and how. */
  private states = new Uint16Array(1024);
  private left = 0;
  /** For each node of the index that is read, the node of the merged one; -1: there is none. */
  private places = new Int32Array();
  private link = -1;
  private readonly key: string;
  private readonly mayBeLeftOut: (path: Buffer) => boolean;

  /**
   * @param key of the newest archive, for messages
   * @param mayBeLeftOut whether a name that no archive holds may be one that backups leave out
   */
  constructor(key: string, mayBeLeftOut: (path: Buffer) => boolean) {
    this.key = key;
    this.mayBeLeftOut = mayBeLeftOut;
  }

  /** @param index of the next older archive. That of the newest is used up. @throws StageError (`IndexTooBig`) */
  async add(index: ArchiveIndex): Promise<void> {
    this.link += 1;
    this.starts.push(this.starts.at(-1)! + lastBlock(index) + 1);
    this.places = new Int32Array(index.nodes);
    if (this.link > 0) return await this.addOlder(index);
    for (let node = 0; node < index.nodes; node++) this.places[node] = node;
    this.own = index.nodes;
    this.builder = IndexBuilder.of(index);
  }

  /** Takes a name of a directory. @param directory a node of the index that was added last */
  name(directory: number, state: NameState, bytes: Buffer, from: number, to: number): void {
    const parent = this.places[directory]!;
    if (state === 'directory' || parent < 0) return;
    const { builder, link } = this;
    if (link === 0) {
      if (state === 'packed') return;
      const before = builder!.count;
      builder!.child(parent, bytes, from, to);
      if (builder!.count > before) this.want();
      return;
    }
    const at = findChild(builder!.columns, parent, bytes, from, to) - this.own;
    if (at < 0 || this.states[at]! & FOUND) return;
    this.states[at] = (link + 1) | (state === 'packed' ? PACKED : 0);
  }

  /**
   * To be called after the last name of an archive. Of the names that are wanted, these are in none:
   *
   * | the archive lists it | it was |
   * | --- | --- |
   * | as packed | a socket, which no tar has, or deleted before tar came to it |
   * | as unchanged, and it is the full one; or not at all | left out, if it may be |
   *
   * @throws StageError (`ChainBroken`) when there are others: the archives do not belong together.
   */
  endLink(isFull: boolean): void {
    const { link, states, builder, own } = this;
    if (link === 0 && !isFull) return;
    let missing = 0;
    let first = -1;
    for (let at = 0; at < builder!.count - own && this.left > 0; at++) {
      const state = states[at]!;
      if (state & FOUND) continue;
      const isListed = (state & LINK) === link + 1;
      if (isListed && !(state & PACKED) && !isFull) continue;
      if (isListed && state & PACKED) this.settle(at);
      else if (this.mayBeLeftOut(this.pathOf(own + at))) this.settle(at);
      else {
        missing += 1;
        if (first < 0) first = own + at;
      }
    }
    if (missing > 0)
      throw broken(
        this.key,
        `an archive of it lacks ${missing} entries that a later one needs, ${textOfPath(
          this.pathOf(first)
        )} for example`
      );
  }

  /** @throws StageError (`ChainBroken`) when a hard link leads to something that has changed since. */
  async finish(): Promise<MergedIndex> {
    const { builder, own, starts } = this;
    const { columns } = builder!;
    this.places = new Int32Array();
    const isLost = (node: number): boolean => node >= own && columns.blockHigh[node] === 0;
    let lost = 0;
    for (let node = own; node < builder!.count; node++) if (isLost(node)) lost += 1;
    if (lost > 0) builder!.count = dropNodes(columns, builder!.count, isLost);
    const index = builder!.finish();
    for (let node = 0; node < index.nodes; node++) {
      if (node % PIECE === PIECE - 1) await setImmediate();
      if (columns.type[node] !== HARDLINK) continue;
      const link = linkOf(starts, index.blockOf(node));
      const target = index.targetOf(node);
      if (link === 0 && target < 0) continue; // as in an archive alone
      if (target >= 0 && linkOf(starts, index.blockOf(target)) === link) continue;
      throw broken(
        this.key,
        `${index.pathOf(node)} is a hard link to something that has changed since`
      );
    }
    return { index, starts: starts.slice(0, -1) };
  }

  private async addOlder(index: ArchiveIndex): Promise<void> {
    const { builder, places, own, states, link } = this;
    const blocks = this.starts[link]!;
    const { columns } = builder!;
    const { parent, names, nameStart, type } = index.columns;
    for (let node = 1; node < index.nodes; node++) {
      if (node % PIECE === 0) await setImmediate();
      const above = places[parent[node]!]!;
      const place =
        above < 0 ? -1 : findChild(columns, above, names, nameStart[node]!, nameStart[node + 1]!);
      places[node] = place;
      const at = place - own;
      if (type[node] === DIRECTORY || at < 0 || states[at]! & FOUND) continue;
      builder!.copy(place, index, node, blocks);
      this.settle(at);
    }
  }

  private want(): void {
    const { builder, own } = this;
    const at = builder!.count - own - 1;
    if (at >= this.states.length) {
      const bigger = new Uint16Array(this.states.length * 2);
      bigger.set(this.states);
      this.states = bigger;
    }
    this.left += 1;
  }

  private settle(at: number): void {
    this.states[at] = FOUND;
    this.left -= 1;
  }

  private pathOf(node: number): Buffer {
    const { parent, names, nameStart } = this.builder!.columns;
    const parts: Uint8Array[] = [];
    for (let each = node; each !== ROOT; each = parent[each]!) {
      if (parts.length > 0) parts.push(SLASH);
      parts.push(names.subarray(nameStart[each], nameStart[each + 1]));
    }
    return Buffer.concat(parts.reverse());
  }
}

const SLASH = Buffer.from('/');

/** @returns which archive has a block of the merged index; 0: the newest. */
function linkOf(starts: readonly number[], block: number): number {
  let link = 0;
  while (link + 1 < starts.length && starts[link + 1]! <= block) link += 1;
  return link;
}

function lastBlock(index: ArchiveIndex): number {
  let last = 0;
  for (let node = 0; node < index.nodes; node++) last = Math.max(last, index.blockOf(node));
  return last;
}

const broken = (key: string, what: string): StageError =>
  new StageError(
    'checksum',
    'ChainBroken',
    `archive ${key} is an increment: ${what}`,
    'restore an earlier backup, and start a new one',
    'needs-action'
  );
