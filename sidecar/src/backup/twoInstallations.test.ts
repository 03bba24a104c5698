import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import type { Backup } from '../../api/index.ts';
import { writeManifest } from '../archive/manifest.ts';
import { archiveName, manifestName } from '../archive/name.ts';
import { localDestination } from '../destinations/directory/local.ts';
import { openHistory } from '../history/openHistory.ts';
import { installationId } from '../identity.ts';
import { exampleManifest } from '../testing/archive/exampleManifest.ts';
import { fixedPlaces } from '../testing/destinations/fixedPlaces.ts';
import { exampleRun, queuedRun } from '../testing/history/exampleRun.ts';
import { rebuildHistory } from './rebuildHistory.ts';
import { recover } from './recover.ts';
import { deleteUnproven, UNPROVEN_AGE_MS } from './unproven.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const now = () => new Date();

/** Two volumes of the same names, as two clusters that were set up in the same way have them. */
const CLAIM = { namespace: 'shop', name: 'orders-db' };

/** One NKVM with its own history, on a directory that others use as well. */
async function installation(backups: string, clusterUid: string, place: string) {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-two-'));
  const history = await openHistory(join(dir, 'nkvm.db'));
  onTestFinished(async () => {
    await history.close();
    rmSync(dir, { recursive: true });
  });
  const id = installationId(clusterUid, place, '/var/lib/nkvm/metadata/nkvm.db');
  const identity = { clusterUid, installation: id };
  const destination = localDestination(backups, { installation: id });
  const uid = `uid in ${clusterUid}`;

  const keyOf = (runId: string) =>
    archiveName({ cluster: 'cluster', ...CLAIM, pvc: CLAIM.name, at: new Date(0), runId });
  const stage = (runId: string) =>
    destination.stage(keyOf(runId), Readable.from([Buffer.from('archive')]));

  return {
    history,
    stage,
    keyOf,
    uid,
    /** A proven backup that the history has. */
    async backUp(runId: string) {
      await (await stage(runId)).publish();
      const manifest = exampleManifest({
        ...{ archive: keyOf(runId), runId, bytes: 7, cluster: 'cluster' },
        ...{ namespace: CLAIM.namespace, pvc: CLAIM.name, pvcUid: uid, ...identity },
      });
      await destination.put(manifestName(keyOf(runId)), writeManifest(manifest));
      const [example] = exampleRun().copies;
      const copies = example ? [{ ...example, key: keyOf(runId) }] : [];
      await history.add([exampleRun({ id: runId, ...CLAIM, uid, clusterUid, copies })]);
    },
    /** What a start, its sweep and an hour of running do, as often as they like. */
    async startAnew() {
      const retry = { maxAttempts: 3, delayMs: () => 1_000 };
      await localDestination(backups, { installation: id }).sweep();
      await recover({ history, places: fixedPlaces([destination]), identity, retry, now, log });
      const rebuilt = await rebuildHistory({
        ...{ history, destination, identity, log, limitMs: 60_000 },
        claimUidOf: () => uid,
      });
      const later = () => new Date(Date.now() + 100 * UNPROVEN_AGE_MS);
      await deleteUnproven({ history, destination, now: later, log });
      return rebuilt;
    },
    runs: (): Backup['id'][] => history.list({ limit: 500 }).backups.map(run => run.id),
  };
}

it.each<[string, [string, string], [string, string]]>([
  ['of two clusters, set up in the same way', ['cluster-a', 'nkvm'], ['cluster-b', 'nkvm']],
  ['of two namespaces of one cluster', ['cluster-a', 'nkvm'], ['cluster-a', 'nkvm-2']],
])(
  'installations %s share a directory and neither touch, adopt nor show each other’s data',
  async (_, first, second) => {
    const backups = mkdtempSync(join(tmpdir(), 'nkvm-shared-'));
    onTestFinished(() => rmSync(backups, { recursive: true }));
    const ours = await installation(backups, ...first);
    const theirs = await installation(backups, ...second);

    await ours.backUp('our-run');
    await theirs.backUp('their-run');
    // Under way: received, and published without its manifest yet.
    const receiving = await ours.stage('our-upload');
    const publishing = await ours.stage('our-publish');
    await publishing.publish();
    await ours.history.add(
      ['our-upload', 'our-publish'].map(id =>
        queuedRun({ id, ...CLAIM, uid: ours.uid, status: 'running' })
      )
    );
    const before = readdirSync(backups).sort();

    // An installation that has lost its history is the most eager one.
    const lost = await installation(backups, ...second);
    expect(await lost.startAnew()).toMatchObject({ added: 1, foreign: 1 });
    expect(lost.runs()).toEqual(['their-run']);
    expect(await theirs.startAnew()).toMatchObject({ added: 0, corrected: 0 });
    expect(theirs.runs()).toEqual(['their-run']);
    expect(readdirSync(backups).sort()).toEqual(before);

    await receiving.publish();
    expect(readdirSync(backups)).toContain(ours.keyOf('our-upload'));
  }
);

it('an installation finds its own archives again when its history is lost', async () => {
  const backups = mkdtempSync(join(tmpdir(), 'nkvm-shared-'));
  onTestFinished(() => rmSync(backups, { recursive: true }));
  const before = await installation(backups, 'cluster-a', 'nkvm');
  await before.backUp('our-run');
  const after = await installation(backups, 'cluster-a', 'nkvm');
  expect(await after.startAnew()).toMatchObject({ added: 1, foreign: 0 });
  expect(after.runs()).toEqual(['our-run']);
});
