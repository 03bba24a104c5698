import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { KINDS } from '../../sidecar/src/destinations/kinds.ts';
import { testCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { hasProgram } from '../servers/program.ts';
import { noRsync, RSYNC_PASSWORD, startRsyncd } from '../servers/rsyncd.ts';
import { FTP_PASSWORD, FTP_USER, noVsftpd, startVsftpd } from '../servers/vsftpd.ts';

const EXAMPLE = 'cluster__shop__orders-db__20261126T135353Z__01m8c24ncky7jjtqsz2hmc0f6y.tar.gz';
const PASSWORD_OF_DOCS = 'a-password-of-your-server';

/** What a page says that people type. @param program one that the block has in it */
function commandsOf(page: string, program: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs/destinations', page), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  const block = blocks.find(each => each.includes(program));
  if (!block) throw new Error(`${page} has no commands with ${program}`);
  return block;
}

interface World {
  destination: Destination;
  /** Names in the docs, and their values in this test. */
  here: Record<string, string>;
}

function opened(kind: 'ftp' | 'ftps' | 'rsync', keys: Record<string, string>): Destination {
  const workDir = newDir();
  const of = KINDS[kind]!;
  const context = { name: 'offsite', installation: '0123456789abcdef', workDir, ownDirs: [] };
  const destination = of.open(of.settings.parse(keys), context);
  onTestFinished(() => destination.close());
  return destination;
}

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-by-hand-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function ftpWorld(kind: 'ftp' | 'ftps'): Promise<World> {
  const certificate = await testCertificate();
  onTestFinished(() => certificate.remove());
  const server = await startVsftpd({
    ...(kind === 'ftps' && { tls: { kind: 'explicit', certificate } }),
  });
  onTestFinished(() => server.stop());
  const directory = kind === 'ftps' ? server.files : 'files';
  const destination = opened(kind, {
    ...{ host: '127.0.0.1', port: String(server.port), directory },
    ...{ username: FTP_USER, password: FTP_PASSWORD },
    ...(kind === 'ftps' && { caBundle: certificate.certificate }),
  });
  return {
    destination,
    here: {
      'ftp://ftp.example.com/%2Fbackups': `ftp://127.0.0.1:${server.port}/%2F${server.files.slice(
        1
      )}`,
      'ftp://nas.example.com/backups': `ftp://127.0.0.1:${server.port}/files`,
      '/etc/ssl/certs/ca-certificates.crt': certificate.certificateFile,
      'cd /backups;': `cd ${server.files};`,
      'cd backups;': 'cd files;',
      ' ftp.example.com': ` -p ${server.port} 127.0.0.1`,
      ' nas.example.com': ` -p ${server.port} 127.0.0.1`,
      [`nkvm:${PASSWORD_OF_DOCS}`]: `${FTP_USER}:${FTP_PASSWORD}`,
      [`nkvm,${PASSWORD_OF_DOCS}`]: `${FTP_USER},${FTP_PASSWORD}`,
    },
  };
}

async function rsyncWorld(): Promise<World> {
  const server = await startRsyncd();
  onTestFinished(() => server.stop());
  return {
    destination: opened('rsync', server.secret()),
    here: {
      'rsync://nkvm@nas.example.com/backups': `rsync://nkvm@127.0.0.1:${server.port}/backups`,
      [PASSWORD_OF_DOCS]: RSYNC_PASSWORD,
    },
  };
}

/** Stores an archive as a backup does. @returns its contents */
async function storeArchive(to: Destination, dir: string): Promise<Buffer> {
  const contents = randomBytes(300_000);
  mkdirSync(join(dir, 'volume'));
  writeFileSync(join(dir, 'volume', 'data.bin'), contents);
  execFileSync('tar', ['-C', join(dir, 'volume'), '-czf', join(dir, 'source.tar.gz'), '.']);
  const archive = readFileSync(join(dir, 'source.tar.gz'));
  const staged = await to.stage(EXAMPLE, Readable.from([archive]));
  await staged.publish();
  const sha256 = createHash('sha256').update(archive).digest('hex');
  await to.put(`${EXAMPLE}.json`, JSON.stringify({ bytes: archive.length, sha256 }, null, 2));
  return contents;
}

const lacks = (program: string) => (hasProgram(program) ? undefined : `there is no ${program}`);

it.for<[string, string, () => Promise<World>, string | undefined]>([
  ['ftp.md', 'curl', () => ftpWorld('ftp'), noVsftpd ?? lacks('curl')],
  ['ftps.md', 'curl', () => ftpWorld('ftps'), noVsftpd ?? lacks('curl')],
  ['ftp.md', 'lftp', () => ftpWorld('ftp'), noVsftpd ?? lacks('lftp')],
  ['ftps.md', 'lftp', () => ftpWorld('ftps'), noVsftpd ?? lacks('lftp')],
  ['rsync.md', 'rsync', rsyncWorld, noRsync],
])(
  '%s: an archive is fetched and opened with %s and tar alone',
  async ([page, program, make, why], { skip }) => {
    if (why) skip(why);
    const { destination, here } = await make();
    const dir = newDir();
    const contents = await storeArchive(destination, dir);
    let commands = commandsOf(page, program);
    for (const [theirs, ours] of Object.entries(here)) commands = commands.replaceAll(theirs, ours);
    expect(commands).not.toMatch(/example\.com|a-password-of/);
    const target = join(dir, 'by-hand');
    mkdirSync(join(target, 'restored'), { recursive: true });
    const env = {
      ...process.env,
      archive: EXAMPLE,
      CA: here['/etc/ssl/certs/ca-certificates.crt'],
    };
    const output = execFileSync('bash', ['-euo', 'pipefail', '-c', commands], {
      ...{ cwd: target, env, encoding: 'utf8' },
    });
    if (program === 'lftp')
      execFileSync('tar', ['-xzf', EXAMPLE, '-C', 'restored'], { cwd: target });
    else expect(output).toContain(`${EXAMPLE}: OK`);
    expect(readFileSync(join(target, 'restored', 'data.bin')).equals(contents)).toBe(true);
  }
);
