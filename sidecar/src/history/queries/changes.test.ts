import { expect, it } from 'vitest';
import { queuedRun } from '../../testing/history/exampleRun.ts';
import { withDisk } from '../../testing/history/testDisk.ts';

it('calls its listeners after every change of a run, until they end that', async () => {
  const { history } = await withDisk();
  const seen: string[] = [];
  const end = history.onChange(({ id, status }) => seen.push(`${id} ${status}`));
  await history.add([queuedRun({ id: 'a' }), queuedRun({ id: 'b' })]);
  await history.commit('a', { status: 'running' });
  history.note('a', { bytes: 1 });
  expect(seen).toEqual(['a queued', 'b queued', 'a running', 'a running']);
  end();
  history.note('a', { bytes: 2 });
  expect(seen).toHaveLength(4);
});

it('shows a listener the run as it is after the change', async () => {
  const { history } = await withDisk();
  await history.add([queuedRun({ id: 'a' })]);
  const bytes: (number | null | undefined)[] = [];
  history.onChange(({ id }) => bytes.push(history.get(id)?.bytes));
  history.note('a', { bytes: 7 });
  await history.commit('a', { bytes: 8 });
  expect(bytes.at(0)).toBe(7);
  expect(bytes.at(-1)).toBe(8);
});

it('knows the namespaces that have runs', async () => {
  const { history } = await withDisk();
  await history.add([
    queuedRun({ id: 'a', namespace: 'shop' }),
    queuedRun({ id: 'b', namespace: 'billing' }),
    queuedRun({ id: 'c', namespace: 'shop' }),
  ]);
  expect(history.namespaces().sort()).toEqual(['billing', 'shop']);
});
