import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RestoreMode } from '../../sidecar/api/index.ts';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { noFence } from '../../sidecar/src/fence.ts';
import { directDoubts } from '../../sidecar/src/helper/direct/doubts.ts';
import { sameLimits } from '../../sidecar/src/helper/wait/waitLimits.ts';
import type { RunChange, RunRecord } from '../../sidecar/src/history/history.ts';
import type { RestoreDetails } from '../../sidecar/src/history/queries/details.ts';
import type { JobEnd } from '../../sidecar/src/jobs/job.ts';
import type { RestoreWorld } from '../../sidecar/src/restore/attempt.ts';
import { runRestore } from '../../sidecar/src/restore/run.ts';
import { memoryClaims } from '../../sidecar/src/testing/cluster/memoryClaims.ts';
import { testClaim } from '../../sidecar/src/testing/cluster/testClaim.ts';
import { fixedPlaces } from '../../sidecar/src/testing/destinations/fixedPlaces.ts';
import { exampleHelperSettings } from '../../sidecar/src/testing/helper/exampleHelperSettings.ts';
import { processCluster } from '../../sidecar/src/testing/helper/processCluster.ts';
import { exampleRun } from '../../sidecar/src/testing/history/exampleRun.ts';

/** A claim to restore into, through a helper that is a process of this machine. */
export interface DirectRestoreWorld {
  /** What the claim holds. */
  volume: string;
  /** Restores the backup, or all backups of a chain, the last one of which is meant. */
  restore(backups: readonly RunRecord[], change?: RestoreChange): Promise<JobEnd>;
  /** The changes that restores have reported. */
  reported: RunChange[];
}

export interface RestoreChange {
  mode?: RestoreMode;
  world?: Partial<RestoreWorld>;
  signal?: AbortSignal;
}

/** @returns the record of a backup that has ended like this. */
export const recordOf = (end: JobEnd): RunRecord =>
  ({ ...exampleRun(), ...end, status: 'success' } as RunRecord);

export function directRestoreWorld(destinations: readonly Destination[]): DirectRestoreWorld {
  const root = mkdtempSync(join(tmpdir(), 'nkvm-direct-restore-'));
  const volume = join(root, 'volume');
  mkdirSync(volume);
  const cluster = processCluster(volume);
  const claims = memoryClaims();
  onTestFinished(async () => {
    await cluster.stop();
    rmSync(root, { recursive: true });
  });
  const doubts = directDoubts(() => performance.now());
  const reported: RunChange[] = [];
  return {
    ...{ volume, reported },
    async restore(
      backups,
      { mode = 'new', world = {}, signal = new AbortController().signal } = {}
    ) {
      const backup = backups.at(-1) as RunRecord;
      const [copy] = backup.copies;
      const target = { namespace: 'shop', name: 'orders-db', mode };
      const uid =
        mode === 'new'
          ? ''
          : (
              await claims.create({
                ...{ ...target, labels: {}, annotations: {}, accessModes: [], size: '1Gi' },
              })
            ).uid;
      const run = {
        ...exampleRun({ id: '01restore' }),
        ...{ kind: 'restore', uid, copies: [] },
        details: {
          kind: 'restore',
          ...{ backup: backup.id, archive: copy?.key ?? '', destination: copy?.destination ?? '' },
          source: { namespace: 'shop', name: 'orders-db' },
          ...{ target, paths: null, scale: false, safetyBackup: false, safetyBackupId: null },
          ...{ undoOf: null, steps: [], comparison: null, totalBytes: null, createdUid: null },
          hasBegunToWrite: false,
        },
      } as unknown as RunRecord & { details: RestoreDetails };
      const runs = new Map<string, RunRecord>([...backups, run].map(each => [each.id, each]));
      return await runRestore(
        run,
        {
          ...{ cluster, claims, readClaim: claims.readClaim, fence: noFence, installation: 'i' },
          places: fixedPlaces([...destinations]),
          helperSettings: exampleHelperSettings,
          waitLimits: sameLimits(60_000),
          runTimeoutMs: 300_000,
          direct: doubts,
          history: {
            get: id => runs.get(id),
            async commit(id, change) {
              runs.set(id, { ...(runs.get(id) as RunRecord), ...change });
            },
          },
          inventory: {
            claim(namespace, name) {
              const there = claims.all.get(`${namespace}/${name}`);
              return there && testClaim({ namespace, name, uid: there.uid });
            },
            namespace: name => ({ name, uid: exampleRun().namespaceUid ?? '', createdAt: '' }),
            podsOf: () => [],
            storageClasses: () => [],
          },
          readUsers: async () => [],
          scaler: {
            workloadsOf: async () => [],
            scaleDown: () => Promise.reject(new Error('not asked for')),
            scaleUp: async () => ({ message: '', notes: [], held: [], left: [] }),
            recover: async () => undefined,
            problems: () => [],
          },
          selectEntries: () => Promise.reject(new Error('not asked for')),
          takeSafetyBackup: async () => 'safety-1',
          now: () => new Date(),
          ...world,
        },
        change => void reported.push(change),
        signal
      );
    },
  };
}

/** @returns whether both hold the same files. */
export const isSame = (one: string, other: string): boolean =>
  readdirSync(one)
    .filter(name => name !== 'lost+found')
    .every(name => readFileSync(join(one, name)).equals(readFileSync(join(other, name))));
