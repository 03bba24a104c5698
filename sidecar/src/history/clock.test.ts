import { expect, it } from 'vitest';
import { queuedRun } from '../testing/exampleRun.ts';
import { afterKill, withDisk } from '../testing/testDisk.ts';
import { runIds, timeOfRunId } from './runId.ts';

const DAY = 86_400_000;
const noon = Date.parse('2026-11-20T12:00:00.123Z');

it.each([
  ['back', -DAY],
  ['forward', DAY],
])('keeps the order of runs over a restart when the clock steps %s by a day', async (_, step) => {
  const { path, history } = await withDisk();
  const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));
  const ask = async (to: typeof history, nextId: () => string) => {
    const id = nextId();
    await to.add([queuedRun({ id, createdAt: timeOfRunId(id).toISOString() })]);
    return id;
  };
  const before = runIds({ now: () => noon, random }, history.newestId());
  const asked = [await ask(history, before), await ask(history, before)];

  const restarted = await afterKill(path);
  const after = runIds({ now: () => noon + step, random }, restarted.newestId());
  asked.push(await ask(restarted, after), await ask(restarted, after));

  expect([...asked].sort()).toEqual(asked);
  expect(restarted.newestId()).toBe(asked.at(-1));
  const listed = restarted.list({ limit: 9 }).backups.map(({ id }) => id);
  expect(listed).toEqual([...asked].reverse());
  const { uid, namespace, name } = queuedRun();
  expect(restarted.ofClaim(uid, namespace, name).lastBackup?.id).toBe(asked.at(-1));
});
