import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Restore, RestoreStep } from '../../sidecar/api/index.ts';
import { ended, read } from '../cluster/support/backups.ts';
import { getJson, kubectl } from '../cluster/support/kubectl.ts';
import { readRestore, restoreEnded, startRestore } from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { helpersOf } from './support/afterwards.ts';
import { NAMESPACE } from './support/namespace.ts';
import type { FaultVolume } from './support/volume.ts';
import { applyIn, faultVolume } from './support/volume.ts';
import type { World } from './support/world.ts';
import { begin, worldWith } from './support/world.ts';

const MIB = 48;
const ENV = { NKVM_MAX_ATTEMPTS: '3' };
const here = `--namespace=${NAMESPACE}`;

type Reached = (run: Restore) => boolean;

const atStep =
  (step: RestoreStep['step']): Reached =>
  ({ steps }) =>
    steps.some(each => each.step === step && each.state === 'running');

/** Where the process is when it is killed. */
const POINTS: [string, Reached][] = [
  ['when the request is answered', () => true],
  ['at step check-archive', atStep('check-archive')],
  ['at step scale-down', atStep('scale-down')],
  ['at step safety-backup', atStep('safety-backup')],
  ['while the helper starts', atStep('write')],
  ['when some of it is written', ({ bytes }) => (bytes ?? 0) > 0],
  ['at step compare', atStep('compare')],
  ['at step scale-up', atStep('scale-up')],
];

interface Deployment {
  metadata: { annotations?: Record<string, string> };
  spec: { replicas: number };
  status: { readyReplicas?: number };
}

/** A Deployment with two pods that write nothing, on a volume. It is deleted when the test ends. */
function applicationOn({ name }: FaultVolume): void {
  onTestFinished(() => void kubectl(['delete', 'deployment', name, here, '--ignore-not-found']));
  const labels = { app: name };
  applyIn(NAMESPACE, [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: NAMESPACE },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: 'main',
                image: 'docker.io/nkvm/nkvm:dev',
                imagePullPolicy: 'Never',
                command: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
          },
        },
      },
    },
  ]);
}

/** @returns the names in a volume, with the digest of each file. */
const contentsOf = ({ directory }: FaultVolume): Record<string, string> =>
  Object.fromEntries(
    readdirSync(directory).map(name => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ])
  );

const stateOf = ({ name }: FaultVolume): string => {
  const { metadata, spec, status } = getJson<Deployment>('deployment', name, here);
  const note = metadata.annotations?.['nkvm.io/restore'] ? ', noted' : '';
  return `${status.readyReplicas ?? 0} of ${spec.replicas}${note}`;
};

interface After {
  world: World;
  volume: FaultVolume;
  end: Restore;
  original: Record<string, string>;
  changed: Record<string, string>;
}

/** Begins a restore and kills its sidecar. @returns how to continue. */
async function killAt(reached: Reached): Promise<() => Promise<After>> {
  const volume = faultVolume(MIB);
  applicationOn(volume);
  const { sidecar, call, again } = await worldWith(ENV);
  const backup = await begin(call, volume);
  expect(await ended(call, backup)).toMatchObject({ status: 'success' });
  const original = contentsOf(volume);
  appendFileSync(join(volume.directory, 'noise'), 'changed since');
  writeFileSync(join(volume.directory, 'new'), 'made since');
  const changed = contentsOf(volume);
  await until('the application runs', () => stateOf(volume) === '2 of 2', 60_000);

  const { restore, problem } = await startRestore(call, {
    backup,
    target: { namespace: volume.namespace, name: volume.name, mode: 'mirror' },
    scale: true,
    safetyBackup: true,
  });
  if (!restore) throw new Error(problem?.message);
  await until(
    'it is there',
    async () => {
      const run = await readRestore(call, restore.id);
      return reached(run) || run.endedAt !== null;
    },
    60_000,
    2
  );
  await sidecar.stop('SIGKILL');
  return async () => {
    const world = await again(ENV);
    const end = await restoreEnded(world.call, restore.id, 300_000);
    return { world, volume, end, original, changed };
  };
}

it('[a claim that looks restored] sidecar killed with SIGKILL at 8 points of a restore: the application is back, but never on a claim that holds a part', async () => {
  const goesOn: (() => Promise<After>)[] = [];
  for (const [, reached] of POINTS) goesOn.push(await killAt(reached));
  const ends = await Promise.all(goesOn.map(go => go()));
  for (const [at, { world, volume, end, original, changed }] of ends.entries()) {
    const name = POINTS[at]?.[0];
    const isPart = end.message.includes('holds a part of the archive');
    const expected = isPart ? '0 of 0, noted' : '2 of 2';
    await until(
      `${name}: the application is at ${expected}`,
      () => stateOf(volume) === expected,
      60_000
    );
    const safety = end.safetyBackupId ? await read(world.call, end.safetyBackupId) : undefined;
    if (end.status === 'success') {
      expect({ name, contents: contentsOf(volume) }).toEqual({ name, contents: original });
      expect(end.comparison, name).toMatchObject({ differences: 0 });
      expect(safety?.status, name).toBe('success');
    } else if (end.message.includes('nothing was written')) {
      expect({ name, contents: contentsOf(volume) }).toEqual({ name, contents: changed });
    } else {
      expect({ name, status: end.status }).toEqual({ name, status: 'failed' });
      expect(end.message, name).toContain(
        'holds a part of the archive, and files that the archive lacks may be deleted; its workloads stay stopped'
      );
      expect(safety?.status, name).toBe('success');
      // The undo restores what was there before the first attempt wrote.
      const answer = await world.call(`/api/v1/restores/${end.id}/undo`, { method: 'POST' });
      const { restore: undo } = (await answer.json()) as { restore: Restore };
      expect(await restoreEnded(world.call, undo.id, 120_000)).toMatchObject({ status: 'success' });
      expect({ name, contents: contentsOf(volume) }).toEqual({ name, contents: changed });
      await until(`${name}: the application runs`, () => stateOf(volume) === '2 of 2', 60_000);
    }
    await until(`${name}: no helper is left`, () => helpersOf(world).length === 0, 60_000);
  }
});
