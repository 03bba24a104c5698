import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { openHistory } from '../openHistory.ts';
import { loadSqlite } from '../schema/sqlite.ts';

const ROUNDS = 25;
const COMMITTER = join(import.meta.dirname, '../../testing/history/committer.ts');

/** Makes a checkpoint long enough, at about 3 MiB, for most kills to hit one. */
const RUNS_BEFORE = 2_500;
const CHECKPOINT_MS = 25;

/** Lets a process commit runs, and kills it at a random moment after the first. @returns what it acknowledged. */
async function commitUntilKilled(path: string): Promise<string[]> {
  const child = spawn(process.execPath, [COMMITTER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const acknowledged: string[] = [];
  for await (const id of createInterface(child.stdout)) {
    if (acknowledged.push(id) > 1) continue;
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 4 * CHECKPOINT_MS);
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

/** @returns `ok` for a file that SQLite finds whole, without its journal. */
async function faultOf(path: string): Promise<unknown> {
  const { Database } = await loadSqlite();
  const db = new Database(readFileSync(path));
  try {
    return db.exec('PRAGMA integrity_check')[0]?.values[0]?.[0];
  } finally {
    db.close();
  }
}

it(`is whole and has every acknowledged run, ${ROUNDS} times killed while it wrote`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-killed-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'nkvm.db');
  const before = Array.from({ length: RUNS_BEFORE }, () => exampleRun());
  const history = await openHistory(path);
  await history.add(before);
  await history.close();

  const acknowledged = before.map(({ id }) => id);
  for (let round = 1; round <= ROUNDS; round += 1) {
    acknowledged.push(...(await commitUntilKilled(path)));
    expect(await faultOf(path)).toBe('ok');
    const reopened = await openHistory(path, {
      onNotice: ({ message }) => expect.fail(message),
    });
    const isProven = (id: string) => reopened.get(id)?.status === 'success';
    expect(acknowledged.filter(id => !isProven(id))).toEqual([]);
    await reopened.close();
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(RUNS_BEFORE + ROUNDS);
}, 180_000);
