/** `npm run cluster:up`: prints the path of the kubeconfig on stdout, and its steps on stderr. */
import { up } from './machine/cluster.ts';
import { say, textOf } from './machine/run.ts';

try {
  console.log(await up());
} catch (error) {
  say(textOf(error));
  process.exitCode = 1;
}
