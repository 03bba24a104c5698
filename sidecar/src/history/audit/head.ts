import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, syncDirectory } from '../../files.ts';
import type { FileCalls } from '../durability/wholeFile.ts';
import { MODE } from '../durability/wholeFile.ts';
import type { Link } from './line.ts';
import { hashOf } from './line.ts';

/** Bytes of a slot, which a disk writes in one piece. */
const SLOT_BYTES = 256;

const SLOT =
  /^\{"write":(\d{1,16}),"sequence":(\d{1,16}),"hash":"([0-9a-f]{64})","sum":"([0-9a-f]{16})"\}/;

interface Slot extends Link {
  write: number;
}

const sumOf = ({ write, sequence, hash }: Slot): string =>
  hashOf(Buffer.from(`${write} ${sequence} ${hash}`)).slice(0, 16);

function writeSlot(slot: Slot): Buffer {
  const { write, sequence, hash } = slot;
  const text = JSON.stringify({ write, sequence, hash, sum: sumOf(slot) });
  return Buffer.from(`${text.padEnd(SLOT_BYTES - 1)}\n`);
}

function readSlot(bytes: Buffer): Slot | undefined {
  const [, write, sequence, hash = '', sum] = SLOT.exec(bytes.toString('latin1')) ?? [];
  const slot = { write: Number(write), sequence: Number(sequence), hash };
  return sum !== undefined && sumOf(slot) === sum ? slot : undefined;
}

/** @returns the newest slot of a head; undefined: there is none that can be read. */
async function newestSlot(path: string): Promise<Slot | undefined> {
  try {
    const bytes = await fs.readFile(path);
    const slots = [0, 1].map(at =>
      readSlot(bytes.subarray(at * SLOT_BYTES, (at + 1) * SLOT_BYTES))
    );
    return slots.reduce((a, b) => (!a || (b && b.write > a.write) ? b : a));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The last acknowledged entry, in a file of its own, so that entries that are cut off at the end are missed. It has two
 * slots that are written by turns: a write that breaks off leaves the other one.
 */
export class Head {
  readonly #file: FileHandle;
  #slot: Slot;

  private constructor(file: FileHandle, slot: Slot) {
    this.#file = file;
    this.#slot = slot;
  }

  /** @returns undefined: there is no head. @throws what a failed system call threw */
  static async read(path: string): Promise<Link | undefined> {
    const slot = await newestSlot(path);
    return slot && { sequence: slot.sequence, hash: slot.hash };
  }

  /** @param link what it says where there is no head yet. @throws what a failed system call threw */
  static async open(path: string, link: Link, files: FileCalls): Promise<Head> {
    const slot = (await newestSlot(path)) ?? { write: 0, ...link };
    const file = await files.open(path, fs.constants.O_RDWR | fs.constants.O_CREAT, MODE);
    try {
      const head = new Head(file, slot);
      // Both slots take their space now: later writes need none.
      await head.write(slot);
      await head.write(slot);
      await syncDirectory(dirname(path));
      return head;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves when it is on disk. @throws what a failed system call threw; it says what it said before then. */
  async write({ sequence, hash }: Link): Promise<void> {
    const next = { write: this.#slot.write + 1, sequence, hash };
    try {
      await this.#put(next);
    } catch (error) {
      // Something of it may be on disk, of an entry that nobody was told of.
      await this.#put({ ...this.#slot, write: next.write }).catch(() => undefined);
      throw error;
    }
    this.#slot = next;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #put(slot: Slot): Promise<void> {
    const bytes = writeSlot(slot);
    await this.#file.write(bytes, 0, bytes.length, (slot.write % 2) * SLOT_BYTES);
    await this.#file.datasync();
  }
}
