import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openHistory } from '../history/openHistory.ts';
import { exampleRestore, exampleRestoreDetails } from '../testing/history/exampleRestore.ts';
import { pastRestores } from './pastRestores.ts';

it('tells what the history knows of the restores into a claim, newest first', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-past-'));
  const history = await openHistory(join(dir, 'nkvm.db'));
  onTestFinished(async () => {
    await history.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const target = { namespace: 'shop', name: 'orders-db', mode: 'mirror' as const };
  const claim = { namespace: 'shop', name: 'orders-db', uid: 'u' };
  const restore = (id: string, status: 'success' | 'failed', more = {}, uid = 'u') =>
    exampleRestore({
      ...{ id, status, ...claim, uid },
      details: exampleRestoreDetails({ target, hasBegunToWrite: true, ...more }),
    });
  await history.add([
    restore('01', 'failed'),
    restore('02', 'success', { paths: ['a'] }),
    restore('03', 'failed', { hasBegunToWrite: false }),
    restore('04', 'failed', { target: { ...target, mode: 'new' } }),
    restore('05', 'success', {}, 'a claim of that name from before'),
    { ...restore('06', 'failed'), details: null },
  ]);
  expect(pastRestores(history, claim)).toEqual([
    { id: '06', hasWritten: true, isWhole: false, isProven: false },
    { id: '04', hasWritten: false, isWhole: true, isProven: false },
    { id: '03', hasWritten: false, isWhole: true, isProven: false },
    { id: '02', hasWritten: true, isWhole: false, isProven: true },
    { id: '01', hasWritten: true, isWhole: true, isProven: false },
  ]);
});
