import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { BackupList, VolumePolicy } from '../../sidecar/api/index.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { down } from './machine/cluster.ts';
import { ADMIN_KUBECONFIG } from './machine/paths.ts';
import { MANIFESTS } from './support/deploy.ts';
import { setup } from './support/global-setup.ts';
import { getJson, kubeconfigPath, kubectl } from './support/kubectl.ts';
import { labelledApp, listingOf } from './support/labelledApp.ts';
import { policiesCount } from './support/policiesCount.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

/**
 * The test cluster is deleted and created again: another API server, other nodes, nothing in it. The sidecars are processes of this
 * machine, one after the other, and have one directory in common, where the archives are. A cluster that KUBECONFIG names is
 * not deleted.
 */
const NAMESPACE = 'rebuilt';
const FILES = ['backup-restores.yaml', 'admission-policies.yaml'].map(
  file => `--filename=${join(MANIFESTS, 'zero-touch', file)}`
);
/** One StatefulSet for each binding mode. */
const APPS = { waiting: 'fast', eager: 'immediate' };
const names = Object.keys(APPS);
const manifest = Object.entries(APPS)
  .map(([name, storageClass]) => labelledApp(NAMESPACE, storageClass, { name, replicas: 1 }))
  .join('');
const CLOCK = `--import=${join(import.meta.dirname, '../support/shiftClock.ts')}`;
/** Between a step of the clock and the time of a backup: NKVM must look once between them. */
const AHEAD_MS = 15_000;

const bucket = mkdtempSync(join(tmpdir(), 'nkvm-bucket-'));
let sidecar: Sidecar | undefined;
let admin: string;

const json = async <T>(path: string): Promise<T> => {
  const answer = await sidecar?.fetch(path, admin);
  if (!answer?.ok) throw new Error(await answer?.text());
  return (await answer.json()) as T;
};
const clusterUid = (): string =>
  getJson<{ metadata: { uid: string } }>('namespace', 'kube-system').metadata.uid;

/** Starts the NKVM of a cluster, whose history is empty and whose archives are in the bucket. */
async function start(name: string, env: Record<string, string> = {}): Promise<void> {
  const of = {
    ...{ NKVM_NAMESPACE: `${name}-nkvm`, NKVM_CLUSTER_NAME: name, NKVM_BACKUP_DIR: bucket },
    NKVM_SCHEDULES: 'on',
  };
  sidecar = await startSidecar({ ...of, ...env });
  admin = token();
}

async function prepare(name: string): Promise<void> {
  kubectl(['apply', ...FILES]);
  kubectl(['wait', '--for=condition=Established', 'crd/backuprestores.nkvm.io', '--timeout=180s']);
  for (const namespace of [`${name}-nkvm`, `${name}-nkvm-restores`])
    kubectl(['create', 'namespace', namespace]);
  await policiesCount();
}

const apply = (): void => void kubectl(['apply', '--filename=-'], manifest);
const rolledOut = (): void => {
  for (const name of names)
    kubectl(['rollout', 'status', `sts/${name}`, `--namespace=${NAMESPACE}`, '--timeout=400s']);
};
const listings = (): string[] => names.map(name => listingOf(NAMESPACE, `${name}-0`));
const claims = () =>
  getJson<{
    items: { metadata: { annotations: Record<string, string> }; status: { phase: string } }[];
  }>('pvc', `--namespace=${NAMESPACE}`).items;

/** Lets the clock go to each volume's own minute, so that its schedule backs it up. @returns the ids of the backups */
async function hourlyRuns(): Promise<string[]> {
  const planned = async () => {
    const { volumes } = await json<{ volumes: VolumePolicy[] }>(
      `/api/v1/policy?namespace=${NAMESPACE}`
    );
    const times = volumes.map(({ nextRunAt }) => nextRunAt);
    const known = times.filter(time => time !== null);
    return known.length === names.length ? known : undefined;
  };
  const times = (await until('each volume has a next run', planned, 30_000)).sort();
  const dir = sidecar?.dir ?? '';
  await sidecar?.stop();
  const shifts = ['0', ...times.map(time => `@${Date.parse(time) - AHEAD_MS}`)].join();
  sidecar = await startSidecar(
    {
      ...{ NKVM_NAMESPACE: 'old-nkvm', NKVM_CLUSTER_NAME: 'old', NKVM_BACKUP_DIR: bucket },
      ...{ NKVM_SCHEDULES: 'on', NODE_OPTIONS: CLOCK, CLOCK_SHIFTS: shifts },
    },
    dir
  );
  for (const count of times.keys()) {
    process.kill(sidecar.pid, 'SIGUSR2');
    await until(
      `${count + 1} of the volumes have a scheduled backup`,
      async () => {
        const { backups } = await json<BackupList>('/api/v1/backups');
        const good = backups.filter(
          ({ status, priority }) => status === 'success' && priority === 'scheduled'
        );
        return new Set(good.map(({ name }) => name)).size > count;
      },
      90_000
    );
  }
  const { backups } = await json<BackupList>('/api/v1/backups');
  return backups.map(({ id }) => id);
}

afterAll(async () => {
  await sidecar?.remove();
  rmSync(bucket, { recursive: true, force: true });
  kubectl([
    'delete',
    'namespace',
    NAMESPACE,
    'old-nkvm',
    'old-nkvm-restores',
    '--ignore-not-found',
    '--wait=false',
  ]);
  kubectl([
    'delete',
    'namespace',
    'new-nkvm',
    'new-nkvm-restores',
    '--ignore-not-found',
    '--wait=false',
  ]);
  kubectl(['delete', ...FILES, '--ignore-not-found', '--timeout=180s']);
});

it.skipIf(kubeconfigPath() !== ADMIN_KUBECONFIG)(
  'brings the data of a cluster that is gone into a new one, when the same manifest is applied there',
  async () => {
    await prepare('old');
    await start('old');
    apply();
    rolledOut();
    const before = listings();
    const backups = await hourlyRuns();
    await sidecar?.remove(); // with its history
    const oldUid = clusterUid();
    await down();
    await setup();
    expect(clusterUid()).not.toBe(oldUid);

    await prepare('new');
    await start('new');
    apply();
    // `NKVM_CONTINUES` does not name the other cluster yet.
    await until(
      'each claim waits for a person',
      () => {
        const waiting = getJson<{ items: { status?: { reason: string } }[] }>(
          'backuprestores',
          `--namespace=${NAMESPACE}`
        ).items.filter(({ status }) => status?.reason === 'BackupOfAnotherCluster');
        return waiting.length === names.length;
      },
      60_000
    );
    expect(claims().map(({ status }) => status.phase)).toEqual(['Pending', 'Pending']);

    await sidecar?.remove();
    await start('new', { NKVM_CONTINUES: `old=${oldUid}` });
    rolledOut();
    expect(listings()).toEqual(before);
    const from = claims().map(({ metadata }) => metadata.annotations['nkvm.io/restored-from']);
    expect(backups).toEqual(expect.arrayContaining(from));
  },
  900_000
);
