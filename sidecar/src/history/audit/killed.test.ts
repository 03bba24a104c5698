import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { openAudit } from './openAudit.ts';

const ROUNDS = 8;
const WRITER = join(import.meta.dirname, '../../testing/history/auditWriter.ts');

/** Lets a process append entries, and kills it at a random moment after the first. @returns the last acknowledged one. */
async function appendUntilKilled(path: string): Promise<number> {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let acknowledged = 0;
  let isPlanned = false;
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line);
    if (!isPlanned) setTimeout(() => child.kill('SIGKILL'), Math.random() * 60);
    isPlanned = true;
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
}

it(`is a whole chain with every acknowledged entry, ${ROUNDS} times killed while it wrote`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-audit-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'nkvm.db');
  for (let round = 1; round <= ROUNDS; round += 1) {
    const acknowledged = await appendUntilKilled(path);
    const audit = await openAudit(path);
    expect(audit.found.isHeadMissing).toBe(false);
    const { broken, last, entries } = await audit.check();
    expect(broken).toBe(null);
    expect(last.sequence).toBeGreaterThanOrEqual(acknowledged);
    expect(entries).toBe(last.sequence);
    await audit.close();
  }
}, 180_000);
