import { expect, it } from 'vitest';
import { podChanges } from './podChanges.ts';

const FOREVER_MS = 2 ** 30;

it('tells that something about a pod has come, also where nobody was waiting yet', async () => {
  const { tell, follow } = podChanges();
  const pod = follow('shop', 'helper');
  tell({ namespace: 'shop', name: 'helper' });
  await pod.changed(FOREVER_MS);
  const next = pod.changed(FOREVER_MS);
  tell({ namespace: 'shop', name: 'helper' });
  await next;
});

it('waits no longer than it should: a watch can be broken', async () => {
  await podChanges().follow('shop', 'helper').changed(1);
});

it('keeps pods apart, and those who follow the same one', async () => {
  const { tell, follow } = podChanges();
  const came: string[] = [];
  const waits = [follow('shop', 'a'), follow('shop', 'a'), follow('shop', 'b'), follow('web', 'a')];
  const all = waits.map((pod, at) => pod.changed(FOREVER_MS).then(() => came.push(`${at}`)));
  waits[1]?.end();
  tell({ namespace: 'shop', name: 'a' });
  await all[0];
  expect(came).toEqual(['0']);
  tell({ namespace: 'shop', name: 'b' });
  tell({ namespace: 'web', name: 'a' });
  await Promise.all([all[2], all[3]]);
  expect(came).toEqual(['0', '2', '3']);
});

it('ends when its signal does', async () => {
  const abort = new AbortController();
  const waiting = podChanges().follow('shop', 'helper').changed(FOREVER_MS, abort.signal);
  abort.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
});
