/**
 * Run by history/durability/killed.test.ts: adds and commits runs to the history at the path of its first argument without an end, and
 * prints the id of each that is acknowledged. It makes checkpoints without a pause, so that most kills hit one.
 */
import { writeSync } from 'node:fs';
import { openHistory } from '../../history/openHistory.ts';
import { exampleRun, queuedRun } from './exampleRun.ts';

const history = await openHistory(process.argv[2] ?? '', {
  checkpointDelayMs: 0,
  checkpointShare: 1,
  onNotice: ({ message }) => {
    throw new Error(message);
  },
});

for (;;) {
  const { id } = exampleRun();
  await history.add([queuedRun({ id })]);
  await history.commit(id, exampleRun({ id }));
  writeSync(1, `${id}\n`);
}
