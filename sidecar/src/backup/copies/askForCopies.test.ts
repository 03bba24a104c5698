import { expect, it } from 'vitest';
import type { Copy } from '../../../api/index.ts';
import type { RunRecord } from '../../history/history.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { askForCopies } from './askForCopies.ts';

const [present] = exampleRun().copies as [Copy];
const copy = (destination: string, change: Partial<Copy> = {}): Copy => ({
  ...present,
  destination,
  ...change,
});

it('asks again for each copy that is awaited, also for one without which the backup is a success', async () => {
  const history = await openFor(newPath());
  const awaited = copy('b', { state: 'awaited', provenAt: null, proof: null });
  await history.add([
    exampleRun({ id: '01', copies: [copy('a'), copy('b')] }),
    exampleRun({ id: '02', copies: [copy('a'), { ...awaited, isRequired: false }] }),
    exampleRun({ id: '03', status: 'failed', copies: [copy('a'), awaited] }),
    exampleRun({
      id: '04',
      status: 'failed',
      copies: [copy('a'), { ...awaited, state: 'failed' }],
    }),
    exampleRun({ id: '05', status: 'failed', copies: [awaited] }),
  ]);
  const asked: unknown[] = [];
  const add = async (_: unknown, { details }: { details?: RunRecord['details'] }) => {
    asked.push(details?.kind === 'copy' && `${details.backup} to ${details.destination}`);
    return [exampleRun()];
  };
  const log = { warn: (_: object, text: string) => void asked.push(text) };
  await askForCopies({ history, queue: { add: add as never }, log }).ofAll();
  expect(asked.sort()).toEqual(['02 to b', '03 to b']);
});
