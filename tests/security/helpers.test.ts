import { readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import type { Call } from '../cluster/support/backups.ts';
import { backUp, ended, read, start } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { residentMiB } from './support/memory.ts';
import type { HostileWorld } from './support/world.ts';
import { hostileWorld } from './support/world.ts';

const NAMESPACE = 'helpers-team';
const CLAIM = 'ledger';

let world: HostileWorld;
let token: string;
beforeAll(async () => {
  world = await hostileWorld();
  token = await world.kube.token({ namespace: 'nkvm', name: 'nkvm-admin' });
  await world.namespace(NAMESPACE);
  await world.claim(NAMESPACE, CLAIM, { 'a.txt': 'one', 'b/c.txt': 'two' });
  const known = async () => (await world.call(`/api/v1/volumes/${NAMESPACE}/${CLAIM}`, token)).ok;
  await until('the claim is known', known, 20_000);
});
afterAll(() => world?.stop());

const call: Call = (path, init) => world.call(path, token, init);
const run = (): Promise<Backup> => backUp(call, NAMESPACE, CLAIM);

/** Replaces the helper's tar by a script until the test ends. The script finds the real tar as `$TAR`. */
function replaceTar(script: string): void {
  const tar = join(world.programs ?? '', 'tar');
  const real = realpathSync(tar);
  // The packing command first asks tar for its version. A false tar that fails there never gets to send an archive.
  const honest = `case " $* " in *" --version "* | *" --file=/dev/null "*) exec '${real}' "$@";; esac`;
  rmSync(tar);
  writeFileSync(tar, `#!/bin/sh\nTAR='${real}'\n${honest}\n${script}\n`, { mode: 0o755 });
  onTestFinished(() => {
    rmSync(tar);
    symlinkSync(real, tar);
  });
}

const archives = (): string[] =>
  readdirSync(join(world.sidecar.dir, 'backups')).filter(name => /^[^.].*\.tar\.gz$/.test(name));

it.each([
  ['sends nothing and says that all is well', 'exit 0', 'checksum'],
  ['sends half and says that all is well', '"$TAR" "$@" | head -c 700; exit 0', 'checksum'],
  ['sends everything and says that it failed', '"$TAR" "$@"; exit 2', 'exec'],
  ['sends something that is not a tar', 'head -c 30000 /dev/urandom', 'checksum'],
])('no backup of a helper that %s is a success', async (_, script, stage) => {
  const before = archives();
  replaceTar(script);
  expect(await run()).toMatchObject({ status: 'failed', archive: null, stage });
  expect(archives()).toEqual(before);
});

it('a helper that writes errors without end, with control characters, fills neither memory nor messages', async () => {
  replaceTar(`yes "$(printf '\\033[2J\\033]0;title\\007../../etc/passwd')" | head -c 30000000 >&2
"$TAR" "$@"`);
  const backup = await run();
  expect(['success', 'failed']).toContain(backup.status);
  const text = JSON.stringify(backup);
  expect(text.length).toBeLessThan(50_000);
  expect(text).not.toMatch(/\\u001b|\\u0007/);
  expect(JSON.stringify(world.sidecar.log)).not.toMatch(/\\u001b|\\u0007/);
  expect(residentMiB(world.sidecar.pid)).toBeLessThan(700);
});

it('a helper that sends an archive without end fills no memory, and can be cancelled', async () => {
  const before = archives();
  // Endless, and slow enough for the disk of a test.
  replaceTar(`"$TAR" "$@"; while head -c 4000000 /dev/urandom; do sleep 0.1; done`);
  const started = await start(call, NAMESPACE, CLAIM, { fresh: true });
  const id = started.run?.id ?? '';
  const much = async () => ((await read(call, id)).bytes ?? 0) > 60e6;
  await until('much of the archive has arrived', much, 120_000);
  expect(residentMiB(world.sidecar.pid)).toBeLessThan(700);
  expect((await call(`/api/v1/backups/${id}/cancel`, { method: 'POST' })).ok).toBe(true);
  expect(await ended(call, id)).toMatchObject({ status: 'cancelled', archive: null });
  expect(archives()).toEqual(before);
  const temporaries = () =>
    readdirSync(join(world.sidecar.dir, 'backups')).filter(name => name.startsWith('.tmp-'));
  await until('nothing is left of it', () => temporaries().length === 0, 20_000);
});

it.each([
  ['lines without end', 'yes "$(head -c 3000 /dev/zero | tr "\\0" a)" | head -c 300000000 >&3'],
  ['random bytes', 'head -c 3000000 /dev/urandom >&3'],
])('a helper whose list of files is %s fills no memory, and breaks no page', async (_, script) => {
  replaceTar(`"$TAR" "$@"; code=$?; ${script}; exit $code`);
  const backup = await run();
  expect(['success', 'failed']).toContain(backup.status);
  expect(JSON.stringify(backup).length).toBeLessThan(50_000);
  const files = await call(`/api/v1/backups/${backup.id}/files?limit=100`);
  expect(files.status).not.toBe(500);
  expect((await files.text()).length).toBeLessThan(5_000_000);
  expect((await call('/api/v1/backups')).status).toBe(200);
  expect(residentMiB(world.sidecar.pid)).toBeLessThan(700);
});

it('an unchanged helper succeeds after all of that', async () => {
  expect(await run()).toMatchObject({ status: 'success' });
});
