import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AuditEntry } from '../../../api/index.ts';
import { leaseLost } from '../../fence.ts';
import { auditFacts } from '../../testing/history/auditFacts.ts';
import type { FileCalls } from '../durability/wholeFile.ts';
import type { AuditFacts, Link } from './line.ts';
import type { OpenAuditOptions } from './openAudit.ts';
import { openAudit } from './openAudit.ts';
import { auditPaths, segmentPath, segmentsIn } from './segments.ts';

let path: string;
beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-audit-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  path = join(dir, 'nkvm.db');
});

const opened = async (options: OpenAuditOptions = {}) => {
  const audit = await openAudit(path, options);
  onTestFinished(() => audit.close());
  return audit;
};
const runsOf = async (audit: Awaited<ReturnType<typeof opened>>, filter = {}) =>
  (await audit.page(filter, Infinity, 1_000)).entries.flatMap(({ runs }) => runs);

describe('what was written', () => {
  it('is read from the newest on, also after a restart, and is a line of JSON each', async () => {
    const first = await opened();
    await Promise.all(['a', 'b'].map(run => first.append(auditFacts({ runs: [run] }))));
    await first.close();
    const again = await opened();
    expect(await again.append(auditFacts({ runs: ['c'] }))).toMatchObject({ sequence: 3 });
    expect(await runsOf(again)).toEqual(['c', 'b', 'a']);
    const text = readFileSync(segmentPath(auditPaths(path).dir, 1), 'utf8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => AuditEntry.parse(JSON.parse(line)));
    expect(lines.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(await again.check()).toMatchObject({ broken: null, entries: 3, first: 1 });
  });

  it('holds no character that a terminal obeys', async () => {
    const audit = await opened();
    const detail = '\u001b[2J\u009b31m\u202etxt\u2066\n\r\u200b';
    await audit.append(auditFacts({ detail }));
    const text = readFileSync(segmentPath(auditPaths(path).dir, 1), 'utf8');
    expect(text.trimEnd()).toMatch(/^[\x20-\x7e]+$/);
    expect((await audit.page({}, Infinity, 1)).entries[0]?.detail).toBe(detail);
  });

  it('is found by each filter, page by page, without what only announces a change', async () => {
    const audit = await opened({ segmentBytes: 3_000 });
    const put = (differs: Partial<AuditFacts>) => audit.append(auditFacts(differs));
    await put({ runs: ['1'], at: '2026-01-01T00:00:00.000Z' });
    await put({ runs: ['2'], action: 'backup.cancel', result: 'refused' });
    const { sequence } = await put({ runs: ['begun'], phase: 'begun', result: null });
    await put({ runs: ['3'], phase: 'ended', begun: sequence, action: 'restore.start' });
    await put({ runs: ['4'], claims: [{ namespace: 'bank', name: 'ledger', uid: null }] });
    await put({ runs: ['5'], actor: { ...auditFacts().actor, name: 'Anna' } });
    expect(await runsOf(audit)).toEqual(['5', '4', '3', '2', '1']);
    expect(await runsOf(audit, { from: '2026-02-01T00:00:00Z' })).toEqual(['5', '4', '3', '2']);
    expect(await runsOf(audit, { to: '2026-02-01T01:00:00+01:00' })).toEqual(['1']);
    expect(await runsOf(audit, { who: 'anna' })).toEqual(['5']);
    expect(await runsOf(audit, { action: 'backup' })).toEqual(['5', '4', '2', '1']);
    expect(await runsOf(audit, { action: 'backup.cancel' })).toEqual(['2']);
    expect(await runsOf(audit, { namespace: 'bank' })).toEqual(['4']);
    expect(await runsOf(audit, { claim: 'orders-db', result: 'refused' })).toEqual(['2']);
    const pages: string[][] = [];
    for (let below: number | null = Infinity; below !== null; ) {
      const page = await audit.page({ action: 'backup' }, below, 2);
      pages.push(page.entries.flatMap(({ runs }) => runs));
      below = page.below;
    }
    expect(pages.filter(page => page.length)).toEqual([
      ['5', '4'],
      ['2', '1'],
    ]);
  });
});

describe('a write that broke off', () => {
  it('is cut off at the next start, which tells of it', async () => {
    const first = await opened();
    await first.append(auditFacts());
    await first.close();
    const file = segmentPath(auditPaths(path).dir, 1);
    appendFileSync(file, '{"sequence":2,"prev');
    const again = await opened();
    expect(again.found).toEqual({ tornBytes: 19, isHeadMissing: false, last: 1 });
    expect((await again.check()).broken).toBe(null);
    await again.append(auditFacts());
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
    expect(await again.check()).toMatchObject({ broken: null, entries: 2 });
  });

  it('that left whole lines which were not acknowledged keeps them in the chain', async () => {
    const first = await opened();
    await first.append(auditFacts());
    const head = readFileSync(auditPaths(path).head);
    await first.append(auditFacts());
    await first.close();
    writeFileSync(auditPaths(path).head, head);
    const again = await opened();
    await again.append(auditFacts());
    expect(await again.check()).toMatchObject({ broken: null, entries: 3 });
  });

  it('of the head leaves the head of before', async () => {
    const first = await opened();
    await first.append(auditFacts());
    await first.append(auditFacts());
    await first.close();
    const bytes = readFileSync(auditPaths(path).head);
    for (const slot of [0, 256]) {
      const torn = Buffer.from(bytes);
      torn.fill('9', slot + 10, slot + 40);
      writeFileSync(auditPaths(path).head, torn);
      const again = await openAudit(path);
      expect((await again.check()).broken).toBe(null);
      await again.close();
    }
  });
});

/** Calls of which every write, or every sync, fails with `code` while it is set. */
function brokenDisk(of: 'write' | 'datasync') {
  const fault: { code: string | undefined; after: number } = { code: undefined, after: 0 };
  const fail = async () => {
    if (fault.code !== undefined && fault.after-- <= 0)
      throw Object.assign(new Error(`${fault.code}: no space`), { code: fault.code });
  };
  const files: FileCalls = {
    ...fs,
    async open(...words) {
      const file = await fs.open(...words);
      const { write, writeFile, datasync } = file;
      if (of === 'write') {
        file.write = (async (...args: Parameters<typeof write>) => {
          await fail();
          return await write.apply(file, args);
        }) as typeof write;
        file.writeFile = async (...args) => {
          await fail();
          await writeFile.apply(file, args);
        };
      } else
        file.datasync = async () => {
          await fail();
          await datasync.apply(file);
        };
      return file;
    },
  };
  return { fault, files };
}

describe('a disk that is full', () => {
  it.each([
    ['write', 0],
    ['write', 1],
    ['datasync', 0],
    ['datasync', 1],
  ] as const)('refuses the entry at %s %i, and goes on when there is room', async (of, after) => {
    const { fault, files } = brokenDisk(of);
    const audit = await opened({ files });
    await audit.append(auditFacts({ runs: ['before'] }));
    Object.assign(fault, { code: 'ENOSPC', after });
    await expect(audit.append(auditFacts({ runs: ['lost'] }))).rejects.toMatchObject({
      reason: 'AuditFull',
      class: 'needs-action',
    });
    fault.code = undefined;
    await audit.append(auditFacts({ runs: ['after'] }));
    expect(await runsOf(audit)).toEqual(['after', 'before']);
    expect(await audit.check()).toMatchObject({ broken: null, entries: 2 });
    await audit.close();
    expect((await (await opened()).check()).broken).toBe(null);
  });

  it('does not keep it from opening', async () => {
    const { fault, files } = brokenDisk('write');
    fault.code = 'EIO';
    const audit = await opened({ files });
    await expect(audit.append(auditFacts())).rejects.toMatchObject({ reason: 'AuditNotWritten' });
    fault.code = undefined;
    expect(await audit.append(auditFacts())).toMatchObject({ sequence: 1 });
  });

  it('writes nothing while another process may write', async () => {
    let isHeld = true;
    const assertHeld = () => {
      if (!isHeld) throw leaseLost('a test');
    };
    const audit = await opened({ fence: { assertHeld } });
    await audit.append(auditFacts());
    isHeld = false;
    await expect(audit.append(auditFacts())).rejects.toMatchObject({ reason: 'LeaseLost' });
    isHeld = true;
    expect(await audit.check()).toMatchObject({ broken: null, entries: 1 });
  });
});

describe('old entries', () => {
  const pruned = (last: Link): AuditFacts =>
    auditFacts({ action: 'audit.prune', runs: [], pruned: last });

  it('go by size, segment by segment, and the chain is whole from the anchor on', async () => {
    const audit = await opened({ segmentBytes: 2_000 });
    for (let at = 0; at < 20; at += 1) await audit.append(auditFacts());
    const before = new Date(0);
    const gone = await audit.prune({ before, maxBytes: 5_000 }, pruned);
    expect(gone).toBeGreaterThan(5);
    expect(await audit.check()).toMatchObject({ broken: null, first: gone + 1 });
    await audit.append(auditFacts());
    await audit.close();
    const again = await opened({ segmentBytes: 2_000 });
    expect(await again.check()).toMatchObject({ broken: null, first: gone + 1 });
    for (let at = 0; at < 20; at += 1) await again.append(auditFacts());
    expect(await again.prune({ before, maxBytes: 5_000 }, pruned)).toBeGreaterThan(5);
    expect((await again.check()).broken).toBe(null);
    expect(await again.prune({ before, maxBytes: 1_000_000 }, pruned)).toBe(0);
  });

  it('go by age, two segments at once at most, because a clock may be wrong', async () => {
    let day = 1;
    const now = () => new Date(Date.UTC(2026, 0, day));
    const audit = await opened({ now });
    for (; day <= 6; day += 1) await audit.append(auditFacts());
    const inTenYears = { before: new Date('2100-01-01T00:00:00Z'), maxBytes: 1_000_000 };
    expect(await audit.prune({ ...inTenYears, before: new Date(0) }, pruned)).toBe(0);
    expect(await audit.prune(inTenYears, pruned)).toBe(2);
    expect(await audit.check()).toMatchObject({ broken: null, first: 3 });
  });

  it('whose deletion a crash has cut short are deleted later, and do not break the chain', async () => {
    const audit = await opened({ segmentBytes: 2_000 });
    for (let at = 0; at < 12; at += 1) await audit.append(auditFacts());
    const { dir } = auditPaths(path);
    const [first] = await segmentsIn(dir);
    const bytes = readFileSync(first!.path);
    await audit.prune({ before: new Date(0), maxBytes: 4_000 }, pruned);
    writeFileSync(first!.path, bytes);
    expect((await audit.check()).broken).toBe(null);
    const count = readdirSync(dir).length;
    expect(await audit.prune({ before: new Date('2100-01-01'), maxBytes: 1_000_000 }, pruned)).toBe(
      (await audit.check()).first - 1 - (await firstBefore(audit))
    );
    expect(readdirSync(dir).length).toBeLessThan(count);
    expect((await audit.check()).broken).toBe(null);
  });
  const firstBefore = async (audit: Awaited<ReturnType<typeof opened>>) => {
    const { entries } = await audit.page({ action: 'audit.prune' }, Infinity, 2);
    return entries.at(-1)?.pruned?.sequence ?? 0;
  };
});
