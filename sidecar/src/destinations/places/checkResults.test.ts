import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { leaseLost, noFence } from '../../fence.ts';
import { checkResultsPath, openCheckResults } from './checkResults.ts';

const RESULT = { result: 'protected', message: 'm', at: '2026-11-20T10:00:00.000Z' } as const;

let path: string;
let warnings: string[];
beforeEach(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nkvm-results-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  path = checkResultsPath(join(dir, 'nkvm.db'));
  warnings = [];
});
const start = (fence = noFence) =>
  openCheckResults(path, { fence, log: { warn: (_, text) => void warnings.push(`${text}`) } });

it('are there after a restart', async () => {
  const first = await start();
  await Promise.all([
    first.set('east', 's3://a', RESULT),
    first.set('west', 's3://b', { ...RESULT, result: 'deletable' }),
  ]);
  const second = await start();
  expect(second.get('east', 's3://a')).toEqual(RESULT);
  expect(second.get('west', 's3://b')).toMatchObject({ result: 'deletable' });
  expect(second.get('north', 's3://c')).toBeNull();
  expect(warnings).toEqual([]);
});

it('do not count for another place of the same name', async () => {
  await (await start()).set('east', 's3://a', RESULT);
  expect((await start()).get('east', 's3://b')).toBeNull();
});

it.each(['', '{"east":{"result":"protected"}}'])('are none in a broken file: %j', async text => {
  await writeFile(path, text);
  const results = await start();
  expect(results.get('east', 's3://a')).toBeNull();
  expect(warnings).toEqual([expect.stringContaining(path)]);
  await results.set('east', 's3://a', RESULT);
  expect((await start()).get('east', 's3://a')).toEqual(RESULT);
});

it('are not written by a process that has lost the right to', async () => {
  await (await start()).set('east', 's3://a', RESULT);
  const before = await readFile(path, 'utf8');
  const lost = {
    assertHeld() {
      throw leaseLost('another process holds it');
    },
  };
  await (await start(lost)).set('east', 's3://a', { ...RESULT, result: 'deletable' });
  expect(await readFile(path, 'utf8')).toBe(before);
  expect(warnings).toEqual([expect.stringContaining('another process holds it')]);
});
