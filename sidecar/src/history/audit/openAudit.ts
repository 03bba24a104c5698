import type { FileHandle } from 'node:fs/promises';
import * as fs from 'node:fs/promises';
import type { Fence } from '../../fence.ts';
import { noFence } from '../../fence.ts';
import { codeOf, syncDirectory } from '../../files.ts';
import { Batches } from '../durability/batches.ts';
import { makeDirectory } from '../durability/beginWriting.ts';
import { fencedFiles } from '../durability/fencedFiles.ts';
import type { FileCalls } from '../durability/wholeFile.ts';
import { MODE } from '../durability/wholeFile.ts';
import { readAnchor, writeAnchor } from './anchor.ts';
import { auditError } from './auditError.ts';
import type { Checked } from './checkChain.ts';
import { checkChain } from './checkChain.ts';
import { Head } from './head.ts';
import type { AuditFacts, Link } from './line.ts';
import { hashOf, lineOf, ORIGIN, placeOf } from './line.ts';
import type { AuditFilter, AuditPage } from './readEntries.ts';
import { readEntries } from './readEntries.ts';
import type { Segment } from './segments.ts';
import { auditPaths, segmentPath, segmentsIn, splitLines } from './segments.ts';

/** Lines that only ever get more, each with the hash of the line before. */
export interface AuditLog {
  /** @returns the place of the entry, when it is on disk. @throws StageError; then it is not, and the chain is as before. */
  append(facts: AuditFacts): Promise<Link>;
  page(filter: AuditFilter, below: number, limit: number): Promise<AuditPage>;
  check(): Promise<Checked>;
  /**
   * Deletes segments whose entries are all older, and the oldest ones above the size.
   * @param entry makes the entry that says so, from the last entry that goes
   * @returns how many entries went. @throws StageError
   */
  prune(keep: AuditKeep, entry: (last: Link) => AuditFacts): Promise<number>;
  readonly found: FoundAudit;
  close(): Promise<void>;
}

/** Findings of the opening. */
export interface FoundAudit {
  /** Left by a write that broke off; they are cut off. No caller was told that this entry is on disk. */
  tornBytes: number;
  /** There are entries, and no head that can be read. */
  isHeadMissing: boolean;
  /** Sequence of the last earlier entry. */
  last: number;
}

export interface AuditKeep {
  /** Nothing that is younger goes because of its age. */
  before: Date;
  maxBytes: number;
}

export interface OpenAuditOptions {
  fence?: Fence;
  /** For tests. */
  files?: FileCalls;
  now?: () => Date;
  /** A segment that is bigger gets a successor. */
  segmentBytes?: number;
}

const SEGMENT_BYTES = 4 * 1024 * 1024;

/** At once: a clock that is years ahead for an hour must not cost the whole log. */
const MOST_BY_AGE = 2;

interface Waiting {
  facts: AuditFacts;
  resolve: (link: Link) => void;
  reject: (error: unknown) => void;
}

/** The newest segment, which is written. */
interface Current extends Segment {
  file: FileHandle;
  /** Acknowledged bytes. */
  bytes: number;
  /** The day of its first entry. */
  day: string;
}

/** Files that can be written. */
interface Writing {
  head: Head;
  current: Current | undefined;
}

/**
 * Opens the audit log beside the history file at `path`. Nothing that was found is changed, except that the rest of a write
 * which broke off is cut off. A disk that cannot be written is not an error here: `append` tells.
 * @throws what a failed system call threw while it read
 */
export async function openAudit(path: string, options: OpenAuditOptions = {}): Promise<AuditLog> {
  const { fence = noFence, now = () => new Date(), segmentBytes = SEGMENT_BYTES } = options;
  const files = fencedFiles(options.files ?? fs, fence);
  const { dir, head: headPath, anchor: anchorPath } = auditPaths(path);
  const head = await Head.read(headPath);
  const newest = await newestOf(await segmentsIn(dir));
  /** A head that is ahead tells of entries that are gone: their places stay empty. */
  let last = later(head, later(newest?.last, (await readAnchor(anchorPath)) ?? ORIGIN));
  const found: FoundAudit = {
    tornBytes: newest?.tornBytes ?? 0,
    isHeadMissing: !head && newest?.last !== undefined,
    last: last.sequence,
  };
  let torn = found.tornBytes > 0 ? newest : undefined;
  let writing: Writing | undefined;
  let isTorn = false;

  const begun = async (): Promise<Writing> => {
    if (writing) return writing;
    fence.assertHeld();
    if (torn) await fs.truncate(torn.path, torn.bytes);
    torn = undefined;
    await makeDirectory(dir);
    writing = { head: await Head.open(headPath, last, files), current: undefined };
    return writing;
  };

  const beginSegment = async (to: Writing): Promise<Current> => {
    await to.current?.file.close().catch(() => undefined);
    to.current = undefined;
    const first = last.sequence + 1;
    const segment = { path: segmentPath(dir, first), first };
    const { O_WRONLY, O_CREAT, O_APPEND, O_TRUNC } = fs.constants;
    // A file that has this name holds no acknowledged entry.
    const file = await files.open(segment.path, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, MODE);
    try {
      await syncDirectory(dir);
    } catch (error) {
      await file.close();
      throw error;
    }
    to.current = { ...segment, file, bytes: 0, day: dayOf(now()) };
    return to.current;
  };

  const cutOff = async ({ file, bytes }: Current): Promise<void> => {
    await file.truncate(bytes);
    await file.datasync();
    isTorn = false;
  };

  const write = async (batch: readonly Waiting[]): Promise<Link[]> => {
    const to = await begun();
    if (isTorn && to.current) await cutOff(to.current);
    const isFull = (each: Current) => each.bytes >= segmentBytes || each.day !== dayOf(now());
    const current = to.current && !isFull(to.current) ? to.current : await beginSegment(to);
    fence.assertHeld();
    let before = last;
    const lines: Buffer[] = [];
    const links = batch.map(({ facts }) => {
      const line = lineOf(before, facts);
      lines.push(line, LINE_FEED);
      before = { sequence: before.sequence + 1, hash: hashOf(line) };
      return before;
    });
    const bytes = Buffer.concat(lines);
    isTorn = true;
    try {
      await current.file.writeFile(bytes);
      await current.file.datasync();
      await to.head.write(before);
    } catch (error) {
      // Where even this fails it is tried again before the next entry.
      await cutOff(current).catch(() => undefined);
      throw error;
    }
    isTorn = false;
    current.bytes += bytes.length;
    last = before;
    return links;
  };

  /** One piece of work at a time. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };

  const writes = new Batches<Waiting>(batch =>
    inTurn(async () => {
      try {
        const links = await write(batch);
        batch.forEach(({ resolve }, at) => resolve(links[at] ?? last));
      } catch (error) {
        batch.forEach(({ reject }) => reject(auditError(dir, error)));
      }
    })
  );

  const append = (facts: AuditFacts): Promise<Link> =>
    new Promise((resolve, reject) => writes.add({ facts, resolve, reject }));

  return {
    append,

    async page(filter, below, limit) {
      // Lines that are not acknowledged yet are not shown.
      return await readEntries(
        await segmentsIn(dir),
        filter,
        Math.min(below, last.sequence + 1),
        limit
      );
    },

    async check() {
      const chain = await inTurn(async () => ({
        segments: await segmentsIn(dir),
        lastBytes: writing?.current?.bytes ?? torn?.bytes,
        anchor: await readAnchor(anchorPath),
        head: await Head.read(headPath),
        written: last.sequence > 0 ? last : undefined,
      }));
      return await checkChain(chain);
    },

    async prune({ before, maxBytes }, entry) {
      const goes = await toPrune(await segmentsIn(dir), before, maxBytes);
      const gone = (await newestOf(goes))?.last;
      if (!gone) return 0;
      const was = (await readAnchor(anchorPath)) ?? ORIGIN;
      // Segments that an earlier deletion has left are behind the anchor already.
      const isNew = gone.sequence > was.sequence;
      // In this order: a crash can be told from a deletion by a person.
      if (isNew) await append(entry(gone));
      await inTurn(async () => {
        fence.assertHeld();
        if (isNew) await writeAnchor(anchorPath, gone, files);
        for (const { path: old } of goes) await fs.rm(old, { force: true });
        await syncDirectory(dir);
      }).catch(error => {
        throw auditError(dir, error);
      });
      return Math.max(0, gone.sequence - was.sequence);
    },

    found,

    async close() {
      await inTurn(async () => {
        await writing?.current?.file.close();
        await writing?.head.close();
      });
    },
  };
}

const LINE_FEED = Buffer.from('\n');

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

const later = (a: Link | undefined, b: Link): Link => (a && a.sequence >= b.sequence ? a : b);

/** The end of an audit log on disk. */
interface End {
  /** Undefined: the last line is not an entry. */
  last: Link | undefined;
  /** The newest segment that is not empty, and its bytes up to the end of its last line. */
  path: string;
  bytes: number;
  /** Behind that. */
  tornBytes: number;
}

/** @returns undefined: there are no entries. */
async function newestOf(segments: readonly Segment[]): Promise<End | undefined> {
  let end: End | undefined;
  for (const { path } of [...segments].reverse()) {
    const { lines, rest } = splitLines(await fs.readFile(path));
    const line = lines.at(-1);
    const bytes = lines.reduce((sum, each) => sum + each.length + 1, 0);
    if (line || rest.length > 0) end ??= { last: undefined, path, bytes, tornBytes: rest.length };
    if (!end || !line) continue;
    const place = placeOf(line);
    return { ...end, last: place && { sequence: place.sequence, hash: hashOf(line) } };
  }
  return end;
}

/** @returns segments that are old, or too many; never the newest. A segment is as old as its last write. */
async function toPrune(
  segments: readonly Segment[],
  before: Date,
  maxBytes: number
): Promise<Segment[]> {
  const sizes: { segment: Segment; bytes: number; at: Date }[] = [];
  for (const segment of segments) {
    try {
      const { size, mtime } = await fs.stat(segment.path);
      sizes.push({ segment, bytes: size, at: mtime });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  let byAge = 0;
  let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const goes: Segment[] = [];
  for (const { segment, bytes, at } of sizes.slice(0, -1)) {
    if (total <= maxBytes) {
      if (at >= before || byAge === MOST_BY_AGE) break;
      byAge += 1;
    }
    goes.push(segment);
    total -= bytes;
  }
  return goes;
}
