import { expect, it } from 'vitest';
import { exampleRun, queuedRun } from '../testing/history/exampleRun.ts';
import { afterKill, newPath, openFor, withDisk } from '../testing/history/testDisk.ts';
import { runIds, timeOfRunId } from './runId.ts';

const DAY = 86_400_000;
const noon = Date.parse('2026-11-20T12:00:00.123Z');

it.each([
  ['back', -DAY],
  ['forward', DAY],
])('keeps the order of runs over a restart when the clock steps %s by a day', async (_, step) => {
  const { path, history } = await withDisk();
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

it('recovers from one start with the clock in 2100: later runs have the right time, and are the newest of their claim', async () => {
  const path = newPath();
  const start = async (time: number) => {
    const history = await openFor(path, { now: () => new Date(time) });
    const nextId = runIds({ now: () => time, random }, history.newestId());
    const id = nextId();
    await history.add([exampleRun({ id, createdAt: timeOfRunId(id).toISOString() })]);
    const { uid, namespace, name } = exampleRun();
    const heads = () => history.ofClaim(uid, namespace, name);
    return { history, id, heads };
  };
  const first = await start(noon);
  await first.history.close();
  const wrong = await start(Date.UTC(2100, 0, 1));
  expect(wrong.heads().lastSuccess?.id).toBe(wrong.id);
  await wrong.history.close();
  const right = await start(noon + 60_000);
  expect(right.history.get(right.id)?.createdAt).toBe(new Date(noon + 60_000).toISOString());
  expect(right.heads()).toMatchObject({
    lastBackup: { id: right.id },
    lastSuccess: { id: right.id },
  });
  await right.history.close();
  const later = await start(noon + 60_000 - 1_000); // a little back: still in order
  expect(later.id > right.id).toBe(true);
});

const random = (n: number) => crypto.getRandomValues(new Uint8Array(n));
