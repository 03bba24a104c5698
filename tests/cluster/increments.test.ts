import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import {
  allowRestoresCommand,
  INCREMENTAL_ANNOTATION,
  openNamespaceCommand,
} from '../../sidecar/api/names.ts';
import { run } from './machine/run.ts';
import type { Call } from './support/backups.ts';
import { backUp } from './support/backups.ts';
import { fillClaims } from './support/filledClaims.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
import { restore } from './support/restores.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { verifyPod } from './support/verify-pod.ts';

const NAMESPACE = 'increments';
const CLAIM = 'data';

let proxy: ServiceProxy;
let call: Call;
let listing: () => string;
const points: { backup: Backup; tree: string }[] = [];

const here = `--namespace=${NAMESPACE}`;
/** Runs a command of the documents as somebody pastes it. */
const paste = (command: string): void =>
  void run('sh', ['-c', command.replace(/^kubectl/, `kubectl --kubeconfig=${kubeconfigPath()}`)]);
const inVolume = (script: string): void =>
  void kubectl(['exec', 'filler', here, '--', 'sh', '-ec', `cd /${CLAIM}; ${script}`]);

beforeAll(async () => {
  proxy = await apiThroughServiceProxy();
  const admin = token();
  call = (path, init) => proxy.fetch(path, admin, init);
  kubectl(['create', 'namespace', NAMESPACE]);
  paste(openNamespaceCommand(NAMESPACE));
  paste(allowRestoresCommand(NAMESPACE));
  const listingOf = fillClaims(NAMESPACE, [CLAIM]);
  listing = () => listingOf(CLAIM);
  kubectl(['annotate', 'pvc', CLAIM, here, `${INCREMENTAL_ANNOTATION}=always`]);
});
afterAll(() => {
  proxy?.stop();
  kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
});

async function backUpNow(): Promise<Backup> {
  const tree = listing();
  const backup = await until('it is backed up', () => backUp(call, NAMESPACE, CLAIM), 60_000);
  expect(backup, backup.message).toMatchObject({ status: 'success' });
  points.push({ backup, tree });
  return backup;
}
const needs = ({ chain }: Backup): string[] | undefined => chain?.links.map(({ runId }) => runId);

it('makes a full archive, and increments of what has changed', async () => {
  const full = await backUpNow();
  expect(full.chain).toMatchObject({ links: [] });
  inVolume("rm -r 'with spaces'; mv deep elsewhere; echo more >> name.txt; rm noise");
  const first = await backUpNow();
  expect(needs(first)).toEqual([full.id]);
  inVolume('rm elsewhere/link; mkdir noise; echo new > noise/file; chmod 0600 name.txt');
  const second = await backUpNow();
  expect(needs(second)).toEqual([full.id, first.id]);
});

it('restores an increment in the middle, and the last one', async () => {
  for (const [at, { backup, tree }] of points.slice(1).entries()) {
    const target = { namespace: NAMESPACE, name: `point-${at}`, mode: 'new' };
    const end = await restore(call, { backup: backup.id, target, safetyBackup: false }, 120_000);
    expect(end, end.message).toMatchObject({ status: 'success' });
    const pod = verifyPod(NAMESPACE, target.name);
    onTestFinished(() => pod.remove());
    expect(pod.listing('/volume')).toBe(tree);
  }
});

it('is restored by tar alone', () => {
  const last = points.at(-1)!;
  const { copies, chain } = last.backup;
  const pod = verifyPod(NAMESPACE, 'point-0');
  onTestFinished(() => pod.remove());
  const kube = `kubectl --kubeconfig=${kubeconfigPath()}`;
  const tar =
    "tar --extract --gzip --listed-incremental=/dev/null --preserve-permissions --same-owner --numeric-owner --acls --xattrs --xattrs-include='*' --directory=/restored --file=-";
  for (const key of [...(chain?.links ?? []).map(({ archive }) => archive), copies[0]?.key])
    run('sh', [
      '-c',
      `${kube} exec -n nkvm deployment/nkvm -- cat "/var/lib/nkvm/backups/${key}" | ` +
        `${kube} exec -i ${here} verify-point-0 -- ${tar}`,
    ]);
  expect(pod.listing('/restored')).toBe(last.tree);
});
