// `npm run sidecar`: the service outside of a cluster. npm does not hand every signal on, so it is ended from here: by TERM,
// INT or HUP to npm, to its shell or to this process. It deletes its helper pods first.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInGroup } from './group.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const main = join(root, 'sidecar/src/main.ts');
/** As long as Kubernetes gives the pod. */
const patienceMs = 60_000;

process.exitCode = await runInGroup(
  'node',
  ['--max-semi-space-size=4', '--optimize-for-size', main],
  { patienceMs }
);
