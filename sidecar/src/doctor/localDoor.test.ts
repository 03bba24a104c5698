import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { DoctorReport } from '../../api/index.ts';
import { askLocalDoor, openLocalDoor, socketPath } from './localDoor.ts';

const REPORT: DoctorReport = {
  outcome: 'ok',
  at: '2026-01-01T00:00:00.000Z',
  version: '0.0.0',
  cluster: 'test',
  namespace: 'nkvm',
  checks: [],
};
const LIMIT_MS = 30_000;

let path: string;
beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-door-'));
  path = join(dir, 'own', 'doctor.sock');
  return () => rmSync(dir, { recursive: true });
});
async function open(report = async () => REPORT) {
  const door = await openLocalDoor(path, report);
  onTestFinished(() => door.close());
}

it('gives the report of the process, to its own user only', async () => {
  await open();
  expect(await askLocalDoor(path, LIMIT_MS)).toEqual(REPORT);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
});

it('says that a process which hangs does not answer', async () => {
  await open(() => new Promise(() => undefined));
  await expect(askLocalDoor(path, 50)).rejects.toThrow('no answer within 0.05 s');
});

it('takes the place of a process that was killed, and not of one that lives', async () => {
  await open();
  await expect(openLocalDoor(path, async () => REPORT)).rejects.toThrow('another process');
});

it('is opened where a killed process has left its own, and leaves nothing when it is closed', async () => {
  await (await openLocalDoor(path, async () => REPORT)).close();
  expect(existsSync(dirname(path))).toBe(false);
  mkdirSync(dirname(path), { mode: 0o700 });
  writeFileSync(path, ''); // as a killed process leaves it: nothing listens
  await open();
  expect(await askLocalDoor(path, LIMIT_MS)).toEqual(REPORT);
});

it('is not believed in a directory that others may write to', async () => {
  await open();
  chmodSync(dirname(path), 0o777);
  await expect(askLocalDoor(path, LIMIT_MS)).rejects.toThrow('is not a directory of user');
});

it('has another path for each history', () => {
  expect(socketPath('/a')).not.toBe(socketPath('/b'));
  expect(socketPath(`/${'long'.repeat(100)}`).length).toBeLessThan(100);
});
