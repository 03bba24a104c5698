import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoredChain } from '../testing/chain/storedChain.ts';
import { storedChain } from '../testing/chain/storedChain.ts';
import { change, treeLines } from '../testing/chain/treeHistory.ts';
import { memoryDestination } from '../testing/destinations/memoryDestination.ts';
import type { HttpTestWorld } from '../testing/httpWorld.ts';
import { httpWorld } from '../testing/httpWorld.ts';

// Chains are made by several commands each, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let root: string;
let world: HttpTestWorld;
let chain: StoredChain;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nkvm-chain-files-'));
  world = await httpWorld();
  world.grants.reader = ['get persistentvolumeclaims/archive shop/orders-db'];
  chain = await storedChain(memoryDestination(world.storage), root, [
    [change('create', 0, 0), change('create', 0, 1), change('makeDirectory', 0, 2)],
    [change('write', 0, 3), change('create', 1, 5)],
    [change('rename', 2, 3)],
  ]);
  await world.history.add(chain.runs.map(run => ({ ...run, namespaceUid: 'uid-shop' })));
});
afterEach(async () => {
  await world.close();
  rmSync(root, { recursive: true });
});

const idOf = (at: number): string => chain.runs[at]!.id;
/** The paths of a point, as a list of files shows them. */
const pathsOf = (at: number): string[] =>
  chain.points[at]!.map(line => JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(line)![0]) as string)
    .filter(path => path !== '')
    .sort();

async function download(at: number, paths: string[]) {
  const { body } = await world.ask('reader', 'POST', `backups/${idOf(at)}/downloads`, { paths });
  if (!world.app.server.listening) await world.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = world.app.server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}${body.path}`);
  return { ticket: body, bytes: Buffer.from(await answer.arrayBuffer()) };
}

function unpacked(archive: Buffer): string {
  const target = mkdtempSync(join(root, 'target-'));
  execFileSync('tar', ['-xzpf', '-', '--numeric-owner', '-C', target], { input: archive });
  return target;
}

describe('the files of an increment', () => {
  it.each([0, 1, 2])('are all that were in the volume at backup %i', async at => {
    const all = await world.ask('reader', 'GET', `backups/${idOf(at)}/files`);
    expect(all.body.files.map(({ name }: { name: string }) => name).sort()).toEqual(
      pathsOf(at).filter(path => !path.includes('/'))
    );
    const found = await world.ask('reader', 'GET', `backups/${idOf(at)}/files?search=`);
    expect(found.body.files.map(({ path }: { path: string }) => path).sort()).toEqual(pathsOf(at));
  });

  it('have versions in all archives of the volume', async () => {
    const [path = ''] = pathsOf(0);
    const { body } = await world.ask(
      'reader',
      'GET',
      `backups/${idOf(2)}/files/versions?path=${encodeURIComponent(path)}`
    );
    expect(body.versions.map(({ backup }: { backup: string }) => backup).sort()).toEqual(
      chain.runs.map(({ id }) => id).sort()
    );
    for (const version of body.versions) {
      const at = chain.runs.findIndex(({ id }) => id === version.backup);
      expect(version.state).toBe(pathsOf(at).includes(path) ? 'present' : 'absent');
    }
  });
});

describe('a download from an increment', () => {
  it.each([0, 1, 2])('without paths is all of the volume at backup %i', async at => {
    const { ticket, bytes } = await download(at, []);
    expect(ticket.fileName).toMatch(/\.tar\.gz$/);
    expect(treeLines(unpacked(bytes))).toEqual(chain.points[at]);
  });

  it('is refused where the manifest is gone: the archive alone is a part of the volume', async () => {
    const { key } = chain.runs[1]!.copies[0]!;
    world.storage.archives.delete(`${key}.json`);
    const answer = await world.ask('reader', 'POST', `backups/${idOf(1)}/downloads`, { paths: [] });
    expect(answer).toMatchObject({ status: 422, body: { reason: 'IncrementNotOpened' } });
  });

  it('is one file as it was', async () => {
    for (const at of [0, 1, 2]) {
      const line = chain.points[at]!.find(each => / 100644 /.test(each))!;
      const path = JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(line)![0]) as string;
      const { bytes } = await download(at, [path]);
      expect(line.endsWith(` ${bytes.toString('latin1')}`)).toBe(true);
    }
  });
});
