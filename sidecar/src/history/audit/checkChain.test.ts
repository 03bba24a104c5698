import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { auditFacts } from '../../testing/history/auditFacts.ts';
import { openAudit } from './openAudit.ts';
import { auditPaths, segmentsIn } from './segments.ts';

const ENTRIES = 12;

/** An audit log of `ENTRIES` entries in several segments, closed. */
async function closedLog() {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-audit-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'nkvm.db');
  const audit = await openAudit(path, { segmentBytes: 2_000 });
  for (let at = 0; at < ENTRIES; at += 1) await audit.append(auditFacts({ runs: [`run-${at}`] }));
  await audit.close();
  const segments = await segmentsIn(auditPaths(path).dir);
  expect(segments.length).toBeGreaterThan(2);
  const files = segments.map(({ path: file }) => ({
    file,
    lines: readFileSync(file, 'utf8').split('\n').slice(0, -1),
  }));
  return {
    path,
    /** Writes other lines into the same files; each file keeps as many as it has, as far as there are. */
    put(lines: readonly string[]) {
      const rest = [...lines];
      for (const [at, { file, lines: own }] of files.entries()) {
        const part = at === files.length - 1 ? rest.splice(0) : rest.splice(0, own.length);
        writeFileSync(file, part.map(line => `${line}\n`).join(''));
      }
    },
    lines: files.flatMap(({ lines }) => lines),
    async broken() {
      const opened = await openAudit(path);
      const { broken } = await opened.check();
      await opened.close();
      return broken;
    },
  };
}

it('finds nothing in a log that nobody has touched', async () => {
  const log = await closedLog();
  expect(await log.broken()).toBe(null);
  log.put(log.lines);
  expect(await log.broken()).toBe(null);
});

it('notices every change, removal, repetition and exchange of a single entry', async () => {
  const log = await closedLog();
  const { lines } = log;
  const kinds: Record<string, (at: number) => string[]> = {
    changed: at => lines.with(at, lines[at]!.replace('orders-db', 'other-db')),
    'changed in one bit': at => {
      const bytes = Buffer.from(lines[at]!);
      const where = 300 + ((at * 37) % 100);
      bytes[where] = bytes[where]! ^ 1;
      return lines.with(at, bytes.toString());
    },
    emptied: at => lines.with(at, ''),
    removed: at => lines.toSpliced(at, 1),
    repeated: at => lines.toSpliced(at, 0, lines[at]!),
    exchanged: at =>
      lines.with(at, lines[(at + 1) % ENTRIES]!).with((at + 1) % ENTRIES, lines[at]!),
    'cut off with all that follow': at => lines.slice(0, at),
    'renumbered after a removal': at =>
      lines
        .toSpliced(at, 1)
        .map((line, to) => line.replace(/"sequence":\d+/, `"sequence":${to + 1}`)),
  };
  const unnoticed: string[] = [];
  for (const [kind, change] of Object.entries(kinds)) {
    for (let at = 0; at < ENTRIES; at += 1) {
      log.put(change(at));
      if ((await log.broken()) === null) unnoticed.push(`entry ${at + 1} ${kind}`);
    }
  }
  expect(unnoticed).toEqual([]);
});

it('names the first place, and what is wrong there', async () => {
  const log = await closedLog();
  const found = async (lines: string[]) => {
    log.put(lines);
    const broken = await log.broken();
    return broken && [broken.problem, broken.sequence];
  };
  const { lines } = log;
  expect(await found(lines.with(4, lines[4]!.replace('shop', 'bank')))).toEqual(['changed', 5]);
  expect(await found(lines.with(11, lines[11]!.replace('shop', 'bank')))).toEqual(['changed', 12]);
  expect(await found(lines.toSpliced(6, 2))).toEqual(['missing', 7]);
  expect(await found(lines.toSpliced(3, 0, lines[1]!))).toEqual(['order', 2]);
  expect(await found(lines.with(2, 'x'))).toEqual(['unreadable', 3]);
  expect(await found(lines.slice(0, 9))).toEqual(['truncated', 10]);
});

it('notices that all entries were deleted, as long as the head is there', async () => {
  const log = await closedLog();
  rmSync(auditPaths(log.path).dir, { recursive: true });
  expect(await log.broken()).toMatchObject({ problem: 'truncated', sequence: 1 });
});

it('notices that the head was deleted, and the next opening says so', async () => {
  const log = await closedLog();
  rmSync(auditPaths(log.path).head);
  expect(await log.broken()).toMatchObject({ problem: 'truncated' });
  expect((await openAudit(log.path)).found.isHeadMissing).toBe(true);
});

it('notices that old entries were deleted and the anchor was set after them', async () => {
  const log = await closedLog();
  const { dir, anchor } = auditPaths(log.path);
  const [first, second] = await segmentsIn(dir);
  const end = log.lines[second!.first - 1]!;
  const { sequence, previous: hash } = JSON.parse(end) as { sequence: number; previous: string };
  rmSync(first!.path);
  expect(await log.broken()).toMatchObject({ problem: 'missing', sequence: 1 });
  writeFileSync(anchor, JSON.stringify({ sequence: sequence - 1, hash }));
  expect(await log.broken()).toMatchObject({ problem: 'anchor' });
  writeFileSync(anchor, '{');
  expect(await log.broken()).toMatchObject({ problem: 'anchor' });
});
