/** `npm run cluster:down`: stops the test cluster and removes its state. */
import { down } from './machine/cluster.ts';
import { say, textOf } from './machine/run.ts';

try {
  await down();
} catch (error) {
  say(textOf(error));
  process.exitCode = 1;
}
