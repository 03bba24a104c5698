import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Backup, Check, StartBackups } from '../../sidecar/api/index.ts';
import { untarChain } from '../../sidecar/src/testing/chain/chainHere.ts';
import { treeLines } from '../../sidecar/src/testing/chain/treeHistory.ts';
import type { Call } from '../cluster/support/backups.ts';
import { ended, read, start } from '../cluster/support/backups.ts';
import { restore } from '../cluster/support/restores.ts';
import { until } from '../cluster/support/until.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import type { Draft } from '../playground/store/object.ts';
import type { Sidecar } from '../support/sidecar.ts';
import { startSidecar } from '../support/sidecar.ts';
import { bindingOf, claimOf, namespaceOf } from './drafts.ts';

/** How wrong the clock of the sidecar is: an hour more for each backup, and a day after the sixth. */
const HOURS = Array.from({ length: 60 }, (_, at) => (at > 6 ? at + 22 : at));

const claim = (name: string): Draft =>
  claimOf({ name, namespace: 'shop', labels: { backup: 'hourly' } });
const OBJECTS: Draft[] = [
  namespaceOf('shop'),
  bindingOf('nkvm-restore', 'shop'),
  ...['orders-db', 'replaced', 'lost'].map(claim),
];

let world: Awaited<ReturnType<typeof playgroundWorld>>;
let sidecar: Sidecar;
let token: string;
/** Hours that have passed by the clock of the sidecar. */
let passed = 0;
const call: Call = (path, init) => sidecar.fetch(path, token, init);
const volumeOf = (name: string): string => world.playground.volumePath('shop', name);

const env = () => ({
  NKVM_KUBECONFIG: world.playground.kubeconfigFor('system:serviceaccount:nkvm:nkvm-runner'),
  NKVM_CLUSTER_NAME: 'playground',
  NKVM_PUSH_PORT: '0',
  NKVM_PUSH_ADDRESS: '127.0.0.1',
  NKVM_INCREMENTAL: 'hourly',
  NKVM_SCHEDULES: 'off', // the test asks for the runs
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/shiftClock.ts')}`,
  CLOCK_SHIFTS: HOURS.slice(passed)
    .map(hour => hour * 3_600_000)
    .join(','),
});

beforeAll(async () => {
  const filled = ['orders-db', 'replaced', 'lost'].map(name => ({
    namespace: 'shop',
    claim: name,
  }));
  world = await playgroundWorld('admin', () => undefined, {
    objects: OBJECTS,
    filled: filled.map(each => ({ ...each, bytes: 1e5 })),
  });
  await world.sidecar.remove();
  token = await adminToken(world.kubeUrl);
  sidecar = await startSidecar(env());
}, 120_000);
afterAll(async () => {
  await sidecar?.remove();
  await world?.stop();
});

/** The scheduled backup of an hour later; see `HOURS`. */
async function nextHour(name = 'orders-db', more: Partial<StartBackups> = {}): Promise<Backup> {
  process.kill(sidecar.pid, 'SIGUSR2');
  passed += 1;
  const { run, problem } = await start(call, 'shop', name, { priority: 'scheduled', ...more });
  if (!run) throw new Error(problem?.message);
  const end = await ended(call, run.id);
  expect(end, end.message).toMatchObject({ status: 'success' });
  return end;
}

const needs = ({ chain }: Backup): string[] | undefined => chain?.links.map(({ runId }) => runId);

/** Restores a backup into a claim of its own. @returns what is in it then */
async function restored({ id }: Backup): Promise<string[]> {
  const name = `point-${id.slice(-12)}`;
  const target = { namespace: 'shop', name, mode: 'new' };
  const end = await restore(call, { backup: id, target, safetyBackup: false });
  expect(end, end.message).toMatchObject({ status: 'success' });
  return treeLines(volumeOf(name));
}

/** Verifies a backup. @returns the end of the run */
async function verified({ id }: Backup): Promise<Check> {
  const { status } = await call(`/api/v1/backups/${id}/verify`, { method: 'POST' });
  expect(status).toBe(202);
  return await until(
    'the verification has ended',
    async () => {
      const { checks } = (await (await call(`/api/v1/backups/${id}/checks`)).json()) as {
        checks: Check[];
      };
      return checks.find(({ endedAt }) => endedAt !== null);
    },
    60_000
  );
}

/** Unpacks the archives of a backup with tar alone. */
function untarred(backup: Backup): string[] {
  const root = mkdtempSync(join(tmpdir(), 'nkvm-increments-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const target = join(root, 'volume');
  mkdirSync(target);
  const own = backup.copies[0]?.key ?? '';
  const keys = [...(backup.chain?.links ?? []).map(({ archive }) => archive), own];
  untarChain(
    keys.map(key => readFileSync(join(sidecar.dir, 'backups', key))),
    target
  );
  return treeLines(target);
}

it(
  'makes increments each hour over a full archive each day, and restores each point',
  { timeout: 300_000 },
  async () => {
    const volume = volumeOf('orders-db');
    const write = (path: string, text: string): void => writeFileSync(join(volume, path), text);
    const points: { backup: Backup; tree: string[] }[] = [];
    const backUp = async (more: Partial<StartBackups> = {}): Promise<Backup> => {
      const tree = treeLines(volume);
      const backup = await nextHour('orders-db', more);
      points.push({ backup, tree });
      return backup;
    };

    mkdirSync(join(volume, 'a', 'b'), { recursive: true });
    for (let n = 0; n < 20; n++) write(`a/b/${n}`, `${n}`);
    write('keep', 'kept');
    const full = await backUp();
    expect(full.chain).toEqual({ links: [], why: expect.stringContaining('no earlier backup') });

    write('a/b/1', 'changed');
    rmSync(join(volume, 'a/b/2'));
    renameSync(join(volume, 'a/b/3'), join(volume, 'three'));
    const first = await backUp();
    expect(needs(first)).toEqual([full.id]);

    const unchanged = await backUp();
    expect(needs(unchanged)).toEqual([full.id, first.id]);

    renameSync(join(volume, 'a/b'), join(volume, 'c'));
    rmSync(join(volume, 'keep'));
    mkdirSync(join(volume, 'keep'));
    write('keep/inside', 'a directory that was a file');
    const third = await backUp();
    expect(needs(third)).toEqual([full.id, first.id, unchanged.id]);

    const asked = await backUp({ form: 'full' });
    expect(asked).toMatchObject({
      form: 'full',
      chain: { links: [], why: expect.stringContaining('asked for') },
    });
    rmSync(join(volume, 'c'), { recursive: true });
    const after = await backUp();
    expect(needs(after)).toEqual([asked.id]);

    // The next one is of the next day.
    const daily = await backUp();
    expect(daily.chain).toEqual({ links: [], why: expect.stringContaining('23 hours') });

    // Retention never deletes a backup that a person requested, and it needs no other archive.
    const { run } = await start(call, 'shop', 'orders-db');
    const own = await ended(call, run?.id ?? '');
    expect(own).toMatchObject({ status: 'success', chain: null });

    for (const { backup } of points)
      expect(await verified(backup)).toMatchObject({ status: 'success', warnings: [] });
    for (const { backup, tree } of points) {
      expect(untarred(backup), `${backup.id}, by tar`).toEqual(tree);
      expect(await restored(backup), `${backup.id}, restored`).toEqual(tree);
    }
  }
);

it('makes a full archive of another volume of the same name', { timeout: 120_000 }, async () => {
  const before = await nextHour('replaced');
  expect(needs(await nextHour('replaced'))).toEqual([before.id]);
  const path = `${world.kubeUrl}/api/v1/namespaces/shop/persistentvolumeclaims`;
  await fetch(`${path}/replaced`, { method: 'DELETE' });
  await until('the claim is gone', async () => !(await fetch(`${path}/replaced`)).ok, 30_000);
  world.playground.apply([claim('replaced')]);
  const uid = await until(
    'the new claim is bound',
    async () => {
      const { metadata, status } = await (await fetch(`${path}/replaced`)).json();
      return status?.phase === 'Bound' && metadata.uid !== before.uid ? metadata.uid : undefined;
    },
    30_000
  );
  writeFileSync(join(volumeOf('replaced'), 'new'), 'other data');
  const next = await until('the new claim is backed up', () => nextHour('replaced'), 60_000);
  expect(next).toMatchObject({
    uid,
    chain: { links: [], why: expect.stringContaining('no earlier backup') },
  });
  expect(await restored(next)).toEqual(treeLines(volumeOf('replaced')));
});

it(
  'makes a full archive where the one before is gone or damaged',
  { timeout: 180_000 },
  async () => {
    const file = (backup: Backup, ending = ''): string =>
      join(sidecar.dir, 'backups', `${backup.copies[0]?.key}${ending}`);
    const one = await nextHour('lost');
    rmSync(file(one, '.snapshot.gz'));
    const two = await nextHour('lost');
    expect(two.chain).toMatchObject({ links: [], why: expect.stringContaining('snapshot file') });
    const three = await nextHour('lost');
    writeFileSync(file(three, '.snapshot.gz'), readFileSync(file(two, '.snapshot.gz')));
    const four = await nextHour('lost');
    expect(four.chain).toMatchObject({ links: [], why: expect.stringContaining('snapshot file') });
    const five = await nextHour('lost');
    expect(needs(five)).toEqual([four.id]);

    const sound = readFileSync(file(four));
    writeFileSync(file(four), sound.subarray(0, sound.length - 1));
    await expect(restored(five)).rejects.toThrow(/Archive|Chain|differs|bytes/);
    rmSync(file(four));
    await call('/api/v1/destinations/local/catalog', { method: 'POST' });
    const lost = await until(
      'the listing has found the archive missing',
      async () => (await read(call, five.id)).copies.find(copy => copy.state === 'missing'),
      60_000
    );
    expect(lost).toMatchObject({ problem: { reason: 'ChainIncomplete' } });
    const { state, reasons } = await (await call('/api/v1/policy/shop/lost')).json();
    expect(state).not.toBe('protected');
    expect(reasons).toContainEqual(expect.objectContaining({ reason: 'NewestBackupGone' }));
    await expect(restored(five)).rejects.toThrow(/needs .*which is not there/);
    const six = await nextHour('lost');
    expect(needs(six)).not.toContain(four.id);
    expect(await restored(six)).toEqual(treeLines(volumeOf('lost')));
  }
);

it('goes on with a chain after the history was lost', { timeout: 120_000 }, async () => {
  const full = await nextHour('lost', { form: 'full' });
  const increment = await nextHour('lost');
  await sidecar.stop();
  for (const name of readdirSync(sidecar.dir))
    if (name.startsWith('nkvm.db')) rmSync(join(sidecar.dir, name), { recursive: true });
  sidecar = await startSidecar(env(), sidecar.dir);
  const found = await until(
    'the increment is in the history again',
    () => read(call, increment.id),
    60_000
  );
  expect(needs(found)).toEqual([full.id]);
  expect(await restored(found)).toEqual(treeLines(volumeOf('lost')));
  expect(needs(await nextHour('lost'))).toEqual([full.id, increment.id]);
});
