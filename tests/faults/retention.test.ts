import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type {
  BackupList,
  Check,
  DestinationDetails,
  VolumePolicyDetails,
} from '../../sidecar/api/index.ts';
import type { Manifest } from '../../sidecar/src/archive/manifest.ts';
import { indexName, manifestName } from '../../sidecar/src/archive/name.ts';
import { ended } from '../cluster/support/backups.ts';
import { getJson, kubectl } from '../cluster/support/kubectl.ts';
import { until } from '../cluster/support/until.ts';
import { isAlive } from '../support/isAlive.ts';
import type { PastArchive } from '../support/pastArchives.ts';
import { corrupt, pastArchives } from '../support/pastArchives.ts';
import { startSidecar } from '../support/sidecar.ts';
import { expectWhole, namesAt } from './support/afterwards.ts';
import { TO_DIRECTORY } from './support/transports.ts';
import type { FaultVolume } from './support/volume.ts';
import { faultVolume } from './support/volume.ts';
import type { World } from './support/world.ts';
import { begin, worldWith } from './support/world.ts';

/** Two archives of a volume are kept, although the rule of each volume keeps one. */
const ENV = { NKVM_SCHEDULES: 'off', NKVM_KEEP_FLOOR: '2', NKVM_RETENTION_MAX_SHARE: '0' };
const HOUR_MS = 3_600_000;
const LIMIT_MS = 60_000;

const annotate = ({ namespace, name }: FaultVolume, ...notes: string[]): void =>
  void kubectl(['annotate', 'pvc', name, `--namespace=${namespace}`, '--overwrite', ...notes]);

/** See `pastArchives`. */
function past(
  { backups }: World,
  { namespace, name }: FaultVolume,
  count: number,
  change: Partial<Manifest> = {}
): PastArchive[] {
  const { metadata } = getJson<{ metadata: { uid: string } }>(
    'pvc',
    name,
    `--namespace=${namespace}`
  );
  return pastArchives(backups, { namespace, name, uid: metadata.uid }, count, { change });
}

async function json<T>({ call }: World, path: string): Promise<T> {
  const answer = await call(path);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}
const post = ({ call }: World, path: string, body?: object): Promise<Response> =>
  call(path, {
    method: 'POST',
    ...(body && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });

/** The kind of the hold on a volume's archives, once its rule is known; null: none. */
const holdOf = (world: World, { namespace, name }: FaultVolume): Promise<{ kind: string | null }> =>
  until(
    `the rule of ${name} is known`,
    async () => {
      const path = `/api/v1/policy/${namespace}/${name}`;
      const [plan] = (await json<VolumePolicyDetails>(world, path)).plans;
      return plan?.keep === 'last=1' ? { kind: plan.hold?.kind ?? null } : undefined;
    },
    LIMIT_MS
  );

/** Makes the one backup that all archives of a world are copies of. @returns the name of its destination. */
async function firstBackup({ call }: World, volume: FaultVolume): Promise<string> {
  const run = await ended(call, await begin(call, volume));
  expect(run).toMatchObject({ status: 'success' });
  return run.copies[0]?.destination ?? '';
}

/** Lists a destination again. @returns the log line on what retention did then. */
async function relist(world: World, destination: string) {
  const { log } = world.sidecar;
  const from = log.length;
  const path = `/api/v1/destinations/${destination}`;
  const read = async () => (await json<DestinationDetails>(world, path)).destination;
  const before = await read();
  await post(world, `${path}/catalog`);
  await until(
    'it is listed',
    async () => {
      const { catalog, catalogProblem } = await read();
      return catalogProblem ?? (catalog !== null && catalog.readAt !== before.catalog?.readAt);
    },
    LIMIT_MS
  );
  return (text: string) =>
    until(
      `the log has "${text}"`,
      () => log.slice(from).some(({ msg }) => msg?.includes(text)),
      LIMIT_MS
    );
}

/** @returns how many archives retention has deleted so far, in one round or in several. */
const deletedBy = ({ sidecar }: World): number =>
  sidecar.log
    .map(({ msg }) => Number(/retention deleted (\d+) archives/.exec(msg ?? '')?.[1] ?? 0))
    .reduce((sum, count) => sum + count, 0);

const keysOf = (archives: readonly PastArchive[]): string[] =>
  archives.map(({ key }) => key).sort();

/** @returns the archives of a volume that are there. */
const left = ({ backups }: World, { name }: FaultVolume): string[] =>
  namesAt(backups).filter(key => key.includes(`__${name}__`) && key.endsWith('.tar.gz'));

/** The history has exactly the archives that are there, each whole, as present. */
async function expectNoLie(world: World, unproven = 0): Promise<void> {
  const there = expectWhole(world.backups, unproven);
  const { backups } = await json<BackupList>(world, '/api/v1/backups?limit=100');
  const present = backups
    .flatMap(({ copies }) => copies)
    .filter(({ state }) => state === 'present')
    .map(({ key }) => key);
  expect(present.sort()).toEqual(there.sort());
}

it('[deleted backups] a listing that fails or lacks archives, too many deletions, a step of the clock: nothing is deleted until it is over', async () => {
  const volume = faultVolume(1);
  const clock = {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/shiftClock.ts')}`,
    CLOCK_SHIFTS: `0,${HOUR_MS}`,
  };
  const world = await worldWith({ ...ENV, ...clock });
  const { backups, sidecar } = world;
  const place = await firstBackup(world, volume);
  const archives = past(world, volume, 16);
  await relist(world, place);
  const before = namesAt(backups);

  renameSync(backups, `${backups}.away`);
  annotate(volume, 'nkvm.io/keep=last=1');
  await relist(world, place);
  expect(await holdOf(world, volume)).toEqual({ kind: 'listing' });
  renameSync(`${backups}.away`, backups);

  const aside = archives
    .slice(8)
    .flatMap(({ key }) => [key, manifestName(key), indexName(key)])
    .filter(key => existsSync(join(backups, key)));
  mkdirSync(`${backups}.aside`);
  for (const key of aside) renameSync(join(backups, key), join(`${backups}.aside`, key));
  const short = await relist(world, place);
  await short('retention deletes nothing: the listing of destination');
  for (const key of aside) renameSync(join(`${backups}.aside`, key), join(backups, key));

  const many = await relist(world, place);
  await many('retention deletes nothing: 14 of 17 archives would go');
  const approve = (which: World, removed: number) =>
    post(which, '/api/v1/retention/approve', { destination: place, removed });
  expect((await approve(world, 13)).status).toBe(409);

  process.kill(sidecar.pid, 'SIGUSR2');
  expect((await approve(world, 14)).status).toBe(202);
  await many('retention deletes nothing: the clock has made a step of 60 minutes');
  expect(namesAt(backups)).toEqual(before);

  await sidecar.stop();
  const again = await world.again(ENV);
  await until(
    'only those on the floor are left',
    async () => {
      await approve(again, 14);
      return left(again, volume).length === 3;
    },
    LIMIT_MS
  );
  expect(left(again, volume)).toEqual(expect.arrayContaining(keysOf(archives.slice(0, 2))));
  await until('the history agrees', () => expectNoLie(again).then(() => true), LIMIT_MS);
});

it('[deleted backups] on hold, being read, unknown, or the last good ones: they stay while others go', async () => {
  const [held, read, strays, broken] = [
    faultVolume(32),
    ...[1, 1, 1].map(mib => faultVolume(mib)),
  ] as [FaultVolume, FaultVolume, FaultVolume, FaultVolume];
  const world = await worldWith(ENV);
  const { backups } = world;
  const place = await firstBackup(world, held);
  const first = left(world, held);
  const ofHeld = past(world, held, 5);
  const ofRead = past(world, read, 5);
  const ofStrays = past(world, strays, 3);
  const ofBroken = past(world, broken, 4);
  const unknown = [
    ...past(world, strays, 2, { installation: '0123456789abcdef' }),
    ...past(world, strays, 2, { clusterUid: '00000000-0000-4000-8000-000000000000' }),
  ];
  writeFileSync(join(backups, 'notes.txt'), 'of a person');
  await relist(world, place);
  for (const archive of ofBroken.slice(0, 2)) {
    corrupt(backups, archive);
    const { check } = (await (
      await post(world, `/api/v1/backups/${archive.id}/verify`)
    ).json()) as {
      check: Check;
    };
    const state = async () => (await json<Check>(world, `/api/v1/checks/${check.id}`)).status;
    await until('it is found broken', async () => (await state()) === 'failed', LIMIT_MS);
  }
  const oldest = ofRead.at(-1);
  const ticket = await post(world, `/api/v1/backups/${oldest?.id}/downloads`, { paths: [] });
  const { path } = (await ticket.json()) as { path: string };
  const download = await world.call(path); // nobody reads it to its end
  // A round for the earlier listing may still come, so the hold is made before the rule.
  annotate(held, 'nkvm.io/hold-until=2099-01-01');
  for (const volume of [held, read, strays, broken]) annotate(volume, 'nkvm.io/keep=last=1');
  await until(
    'the hold is known',
    async () => (await holdOf(world, held)).kind === 'hold',
    LIMIT_MS
  );
  for (const volume of [read, strays, broken])
    expect(await holdOf(world, volume)).toEqual({ kind: null });

  await relist(world, place);
  await until('3 archives are deleted', () => deletedBy(world) === 3, LIMIT_MS);
  expect(left(world, held)).toEqual([...first, ...keysOf(ofHeld)].sort());
  expect(left(world, read)).toEqual(keysOf(ofRead.filter((_, at) => at < 2 || at === 4)));
  expect(left(world, strays)).toEqual(keysOf([...ofStrays.slice(0, 2), ...unknown]));
  expect(left(world, broken)).toEqual(keysOf(ofBroken));
  expect(readFileSync(join(backups, 'notes.txt'), 'utf8')).toBe('of a person');

  await download.body?.cancel();
});

/** Between two steps of a deletion, after which the history has the archive as deleted. */
const KILLS = ['before .json', 'after .json', 'after .tar.gz', 'after .index.gz'];

it('[a backup that is not there] sidecar killed with SIGKILL between the steps of a deletion: no manifest without its archive, and the next one goes on', async () => {
  const volume = faultVolume(1);
  const first = await worldWith(ENV, TO_DIRECTORY);
  const { backups, sidecar } = first;
  const place = await firstBackup(first, volume);
  const archives = past(first, volume, 8);
  await relist(first, place);
  await sidecar.stop();
  annotate(volume, 'nkvm.io/keep=last=1');

  for (const kill of KILLS) {
    const env = {
      ...ENV,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'support/killAtRemoval.ts')}`,
      KILL_AT_REMOVAL: kill,
    };
    try {
      const killed = await startSidecar({ ...first.ground.env, ...env }, sidecar.dir);
      onTestFinished(() => killed.stop('SIGKILL'));
      await until(`it is killed ${kill}`, () => !isAlive(killed.pid), LIMIT_MS);
    } catch (error) {
      expect(String(error), kill).toContain('SIGKILL'); // before it was ready
    }
    const names = namesAt(backups);
    for (const key of names.filter(name => name.endsWith('.json'))) {
      const { archive, bytes } = JSON.parse(readFileSync(join(backups, key), 'utf8')) as Manifest;
      expect({ kill, archive, bytes: statSync(join(backups, archive)).size }).toEqual({
        ...{ kill, archive, bytes },
      });
    }
    for (const { key } of archives.slice(0, 2)) expect(names).toContain(manifestName(key));
  }

  const last = await first.again(ENV);
  await until('the others are deleted', () => left(last, volume).length === 3, LIMIT_MS);
  expect(left(last, volume)).toEqual(expect.arrayContaining(keysOf(archives.slice(0, 2))));
  // The index of the third kill is swept an hour later.
  await until('the history agrees', () => expectNoLie(last, 1).then(() => true), LIMIT_MS);
});
