import { readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Backup } from '../../sidecar/api/index.ts';
import { backUp } from '../cluster/support/backups.ts';
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

const run = (): Promise<Backup> =>
  backUp((path, init) => world.call(path, token, init), NAMESPACE, CLAIM);

/** Puts a program in the place of the helper's tar, which it finds as `$TAR`, until the test ends. */
function lie(script: string): void {
  const tar = join(world.programs ?? '', 'tar');
  const real = realpathSync(tar);
  const honest = `case " $* " in *" --version "*) exec '${real}' "$@";; esac`;
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
  ['sends nothing and says that all is well', 'exit 0'],
  ['sends half and says that all is well', '"$TAR" "$@" | head -c 700; exit 0'],
  ['sends everything and says that it failed', '"$TAR" "$@"; exit 2'],
  ['sends something that is no tar', 'head -c 30000 /dev/urandom'],
])('no backup of a helper that %s is a success', async (_, script) => {
  const before = archives();
  lie(script);
  expect(await run()).toMatchObject({ status: 'failed', archive: null });
  expect(archives()).toEqual(before);
});

it('a helper that writes errors without end, with what a terminal obeys, fills neither memory nor messages', async () => {
  lie(`yes "$(printf '\\033[2J\\033]0;title\\007../../etc/passwd')" | head -c 30000000 >&2
"$TAR" "$@"`);
  const backup = await run();
  expect(['success', 'failed']).toContain(backup.status);
  const text = JSON.stringify(backup);
  expect(text.length).toBeLessThan(50_000);
  expect(text).not.toMatch(/\\u001b|\\u0007/);
  expect(JSON.stringify(world.sidecar.log)).not.toMatch(/\\u001b|\\u0007/);
  expect(residentMiB(world.sidecar.pid)).toBeLessThan(700);
});

it('an honest helper succeeds after all of that', async () => {
  expect(await run()).toMatchObject({ status: 'success' });
});
