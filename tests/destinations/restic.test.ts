import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keysOf } from '../../sidecar/src/destinations/destination.ts';
import { resticDestination } from '../../sidecar/src/destinations/restic/restic.ts';
import { ResticSettings } from '../../sidecar/src/destinations/restic/settings.ts';
import { describeDestination } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import { initRepository, RESTIC, resticMissing } from '../servers/restic.ts';

const PASSWORD = 'correct horse battery';
const KEY = 'kind__shop__orders-db__20261120T101112Z__01k0example.tar.gz';

describe.skipIf(resticMissing)(resticMissing ?? 'restic', () => {
  let template: string;
  beforeAll(() => {
    template = mkdtempSync(join(tmpdir(), 'restic-'));
    initRepository(join(template, 'repository'), PASSWORD);
  });
  afterAll(() => rmSync(template, { recursive: true, force: true }));

  function native(args: string[], repository: string, dir: string, password = PASSWORD): Buffer {
    const env = { ...process.env, RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: join(dir, 'cache') };
    return execFileSync(RESTIC, ['-r', repository, ...args], { env, stdio: 'pipe' });
  }

  function world() {
    const dir = mkdtempSync(join(tmpdir(), 'restic-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const repository = join(dir, 'repository');
    cpSync(join(template, 'repository'), repository, { recursive: true });
    const open = (differs: object = {}) => {
      const settings = ResticSettings.parse({ repository, password: PASSWORD, ...differs });
      const context = { name: 'offsite', workDir: join(dir, 'work') };
      const destination = resticDestination(settings, context, RESTIC);
      onTestFinished(() => destination.close());
      return destination;
    };
    return { dir, repository, open, restic: (args: string[]) => native(args, repository, dir) };
  }

  describeDestination('restic', async () => {
    const { open } = world();
    return {
      destination: open(),
      restarted: () => open(),
      ofAnother: () => open(),
      differs: {
        publishesTogether: 'restic has no step that fails when a snapshot of that file exists',
        leavesNothing: true,
        refusesEmpty: 'restic takes a command that gives nothing for one that has failed',
        keysOfPagingTest: 3,
      },
    };
  });

  it('gives an archive back with restic alone', async () => {
    const { dir, open, restic } = world();
    writeFileSync(join(dir, 'file'), 'contents');
    const archive = execFileSync('tar', ['-czf', '-', '-C', dir, 'file']);
    await (await open().stage(KEY, Readable.from([archive]))).publish();
    const [snapshot] = JSON.parse(restic(['snapshots', '--json', '--path', `/${KEY}`]).toString());
    expect(snapshot).toMatchObject({ tags: ['nkvm'], hostname: 'nkvm', paths: [`/${KEY}`] });
    writeFileSync(join(dir, 'got.tar.gz'), restic(['dump', snapshot.id, `/${KEY}`]));
    expect(readFileSync(join(dir, 'got.tar.gz')).equals(archive)).toBe(true);
  });

  it('makes no snapshot of a stream that ends cleanly and is not published', async () => {
    const { open, restic } = world();
    const staged = await open().stage(KEY, Readable.from([Buffer.alloc(100_000)]));
    expect(JSON.parse(restic(['snapshots', '--json']).toString())).toEqual([]);
    await staged.discard();
    expect(JSON.parse(restic(['snapshots', '--json']).toString())).toEqual([]);
    expect(restic(['list', 'locks']).toString()).toBe('');
  });

  it('reads a part from the middle', async () => {
    const { open } = world();
    const plain = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
    await (await open().stage(KEY, Readable.from([plain]))).publish();
    const part = await buffer(await open().open(KEY, { range: { start: 100_000, end: 100_009 } }));
    expect(part.equals(plain.subarray(100_000, 100_010))).toBe(true);
  });

  it('leaves snapshots of others alone', async () => {
    const { dir, open, restic } = world();
    writeFileSync(join(dir, 'theirs'), 'x');
    restic([
      'backup',
      '--quiet',
      '--stdin-from-command',
      '--stdin-filename',
      KEY,
      'echo',
      'theirs',
    ]);
    expect(await keysOf(open())).toEqual([]);
    await open().put('a.json', '{}');
    await open().remove(KEY);
    expect(await text(await open().open('a.json'))).toBe('{}');
    expect(JSON.parse(restic(['snapshots', '--json']).toString())).toHaveLength(2);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'LoginRefused'],
    ['no repository', { repository: '/nonexistent/repository' }, 'RepositoryMissing'],
  ])('says that there is %s', async (_, differs, reason) => {
    const body = new PassThrough();
    body.end('archive');
    const { open } = world();
    await expect(open(differs).stat(KEY)).rejects.toMatchObject({ name: 'StageError', reason });
    await expect(
      open(differs).stage(KEY, Readable.from([Buffer.alloc(1_000_000)]))
    ).rejects.toMatchObject({ stage: 'copy', reason });
  });

  it('says that the program is missing', async () => {
    const { dir, repository } = world();
    const settings = ResticSettings.parse({ repository, password: PASSWORD });
    const to = resticDestination(settings, { name: 'x', workDir: dir }, '/nonexistent/restic');
    await expect(to.stat(KEY)).rejects.toMatchObject({ reason: 'ResticMissing' });
    await expect(to.stage(KEY, Readable.from(['x']))).rejects.toMatchObject({
      reason: 'ResticMissing',
    });
  });

  it('shows no password in its arguments', async () => {
    const { open } = world();
    const body = new PassThrough();
    const staging = open().stage(KEY, body);
    body.write('first');
    await new Promise(resolve => setImmediate(resolve));
    const lines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(lines).not.toContain(PASSWORD);
    body.end();
    await (await staging).discard();
  });
});
