import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { exampleRun } from './exampleRun.ts';
import { openHistory } from './openHistory.ts';
import { loadSqlite } from './sqlite.ts';

const ROUNDS = 25;
const COMMITTER = join(import.meta.dirname, 'committer.ts');

/** Makes a commit long enough, at about 3 MiB, for most kills to hit it. */
const RUNS_BEFORE = 2_500;
const COMMIT_MS = 25;

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
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 4 * COMMIT_MS);
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

it(`is whole and has every acknowledged run, ${ROUNDS} times killed while it wrote`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-killed-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'nkvm.db');
  const before = Array.from({ length: RUNS_BEFORE }, () => exampleRun());
  const history = await openHistory(path);
  await history.add(before);
  await history.close();

  const { Database } = await loadSqlite();
  const acknowledged = before.map(({ id }) => id);
  for (let round = 1; round <= ROUNDS; round += 1) {
    acknowledged.push(...(await commitUntilKilled(path)));
    const db = new Database(readFileSync(path));
    const ask = (sql: string) => db.exec(sql)[0]?.values.flat() ?? [];
    expect(ask('PRAGMA integrity_check')).toEqual(['ok']);
    const successes = new Set(ask(`SELECT id FROM backup_history WHERE status = 'success'`));
    expect(acknowledged.filter(id => !successes.has(id))).toEqual([]);
    db.close();
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(RUNS_BEFORE + ROUNDS);
}, 180_000);
