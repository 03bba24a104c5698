import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSqlite } from '../../sidecar/src/history/schema/sqlite.ts';
import { ended, read } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { expectNothingLost } from './support/afterwards.ts';
import { faultVolume } from './support/volume.ts';
import { begin, worldWith } from './support/world.ts';

type Damage = (path: string) => Promise<void> | void;

const truncate: Damage = path => truncateSync(path, Math.floor(statSync(path).size / 2));

const overwrite: Damage = path => writeFileSync(path, randomBytes(4096), { flag: 'r+' });

const replaceByForeign: Damage = async path => {
  const { Database } = await loadSqlite();
  const other = new Database();
  other.run('CREATE TABLE invoices (id INTEGER PRIMARY KEY)');
  writeFileSync(path, other.export());
  other.close();
};

const damageJournal: Damage = path => {
  const directory = join(path, '..');
  const files = readdirSync(directory).filter(name => name.startsWith('nkvm.db.changes-'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) overwrite(join(directory, file));
};

describe('[lost history] the service starts, says so and knows every backup, when its history', () => {
  it.each<[string, NodeJS.Signals, Damage, string]>([
    ['file is truncated', 'SIGTERM', truncate, 'HistorySetAside'],
    ['file is corrupted and its journal lies there', 'SIGKILL', overwrite, 'HistorySetAside'],
    ['file is another program’s database', 'SIGTERM', replaceByForeign, 'HistorySetAside'],
    ['journal is damaged', 'SIGKILL', damageJournal, 'JournalSetAside'],
  ])('%s', async (_, signal, damage, reason) => {
    const volume = faultVolume(1);
    const before = await worldWith();
    const run = await ended(before.call, await begin(before.call, volume));
    expect(run.status).toBe('success');
    await before.sidecar.stop(signal);
    const path = join(before.sidecar.dir, 'nkvm.db');
    await damage(path);

    const world = await before.again();
    expect(world.sidecar.log.map(entry => entry.reason)).toContain(reason);
    expect(await read(world.call, run.id)).toMatchObject({
      status: 'success',
      archive: run.archive,
      sha256: run.sha256,
      seal: run.seal,
      createdAt: run.createdAt,
    });
    await expectNothingLost(world, volume, 1);
  });

  it('is taken away, file and journal', async () => {
    const volume = faultVolume(1);
    const before = await worldWith();
    const run = await ended(before.call, await begin(before.call, volume));
    await before.sidecar.stop();
    for (const name of readdirSync(before.sidecar.dir)) {
      if (name.startsWith('nkvm.db')) rmSync(join(before.sidecar.dir, name), { recursive: true });
    }

    const world = await before.again();
    await until(
      'the history is made up for',
      () => world.sidecar.log.some(({ msg }) => msg?.includes('history lacked 1 proven backups')),
      60_000
    );
    expect(await read(world.call, run.id)).toMatchObject({
      status: 'success',
      message: expect.stringContaining('known from the manifest'),
    });
    await expectNothingLost(world, volume, 1);
  });
});
