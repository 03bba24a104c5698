import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../observe/log.ts';
import { auditTrail, recorded } from './auditTrail.ts';
import { openAudit } from './openAudit.ts';
import { auditPaths, segmentPath } from './segments.ts';

let path: string;
let logged = '';
beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-audit-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  path = join(dir, 'nkvm.db');
  logged = '';
});

async function started() {
  const audit = await openAudit(path);
  const log = createLog('info', { write: line => (logged += line) });
  const trail = auditTrail({ audit, cluster: 'prod', now: () => new Date(0), log });
  await trail.start();
  const entries = async () => (await trail.page({}, Infinity, 100)).entries;
  return { trail, entries, close: () => audit.close() };
}

it('says at the next start that a change had no end', async () => {
  const first = await started();
  await first.trail.begin({ action: 'backup.start', runs: ['a'] });
  const ended = await first.trail.begin({ action: 'backup.start', runs: ['b'] });
  await ended.end({ result: 'allowed' });
  await first.close();
  const again = await started();
  expect((await again.entries()).map(({ action, runs, result }) => [action, runs, result])).toEqual(
    [
      ['backup.start', ['a'], 'interrupted'],
      ['audit.start', [], 'success'],
      ['backup.start', ['b'], 'allowed'],
      ['audit.start', [], 'success'],
    ]
  );
  await again.close();
  const third = await started();
  expect(await third.entries()).toHaveLength(5);
  await third.close();
});

it('says that it was changed while NKVM was stopped, and where', async () => {
  const first = await started();
  await first.trail.record({ action: 'backup.end' }, { result: 'success' });
  await first.close();
  expect(first.trail.broken()).toBe(null);
  const file = segmentPath(auditPaths(path).dir, 1);
  writeFileSync(file, readFileSync(file, 'utf8').replace('backup.end', 'backup.xxx'));
  const again = await started();
  expect(again.trail.broken()).toMatchObject({ problem: 'changed', sequence: 2 });
  expect((await again.entries())[0]).toMatchObject({
    ...{ action: 'audit.start', result: 'failed', reason: 'AuditBroken' },
    detail: 'it is broken at entry 2: entry 2 was changed',
  });
  expect(logged).toContain('the audit log is broken at entry 2');
  await again.close();
});

it('says how much of a torn entry was cut off', async () => {
  const first = await started();
  await first.close();
  const file = segmentPath(auditPaths(path).dir, 1);
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"sequ`);
  const again = await started();
  expect((await again.entries())[0]).toMatchObject({
    ...{ action: 'audit.start', result: 'success' },
    detail: '6 bytes of an entry that was not completed were cut off',
  });
  expect((await again.trail.check()).isWhole).toBe(true);
  await again.close();
});

it('deletes what is old, and says so', async () => {
  const { trail, entries, close } = await started();
  await trail.prune({ before: new Date('2100-01-01'), maxBytes: 1 });
  expect(await entries()).toHaveLength(1); // the newest segment stays
  await close();
  const again = await started();
  await again.trail.prune({ before: new Date(0), maxBytes: 1 });
  expect((await again.entries()).map(({ action }) => action)).toEqual([
    'audit.prune',
    'audit.start',
  ]);
  expect(await again.trail.check()).toMatchObject({ isWhole: true, first: 2 });
  await again.close();
});

it('has an entry of a change that failed, without the texts of unknown errors', async () => {
  const { trail, entries, close } = await started();
  const fails = recorded(
    trail,
    { action: 'archive.delete' },
    async () => {
      throw new Error('https://user:hunter2@host');
    },
    () => ({ result: 'success' })
  );
  await expect(fails).rejects.toThrow('hunter2');
  expect((await entries())[0]).toMatchObject({
    result: 'failed',
    reason: null,
    detail: 'an internal error, which the log of NKVM has',
  });
  expect(logged).not.toContain('hunter2');
  await close();
});
