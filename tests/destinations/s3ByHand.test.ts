import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { s3 } from '../../sidecar/src/destinations/s3/kind.ts';
import { motoMissing, startMoto } from '../servers/moto.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';

const run = promisify(execFile);
const page = new URL('../../docs/destinations/s3.md', import.meta.url);
const [, commands = ''] =
  /## Without NKVM.*?```sh\n(.*?)```/s.exec(readFileSync(page, 'utf8')) ?? [];

describe.each<[string, string | undefined, () => Promise<S3Server>]>([
  ['versitygw', versitygwMissing, startVersitygw],
  ['moto', motoMissing, () => startMoto()],
])('docs/destinations/s3.md, at %s', (_, missing, start) => {
  it.skipIf(missing)(
    `fetches and opens an archive with curl and tar alone ${missing ?? ''}`,
    async () => {
      const server = await start();
      onTestFinished(() => server.stop());
      const dir = mkdtempSync(join(tmpdir(), 'nkvm-by-hand-'));
      onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
      const bucket = await server.makeBucket();
      const destination = s3.open(s3.settings.parse(server.settings(bucket)), {
        name: 'offsite',
        installation: '0123456789abcdef',
        workDir: dir,
      });
      onTestFinished(() => destination.close());

      mkdirSync(join(dir, 'volume'));
      writeFileSync(join(dir, 'volume/größe.txt'), 'as it was\n');
      await run('tar', ['-czf', join(dir, 'made'), '-C', join(dir, 'volume'), '.']);
      const archive = readFileSync(join(dir, 'made'));
      const name = /archive=(\S+)/.exec(commands)?.[1] ?? '';
      await (await destination.stage(name, Readable.from([archive]))).publish();
      const sha256 = createHash('sha256').update(archive).digest('hex');
      await destination.put(`${name}.json`, JSON.stringify({ sha256 }, null, 2));

      mkdirSync(join(dir, 'restored'));
      const { accessKeyId, secretAccessKey } = server;
      const script = commands
        .replace(/AWS=\S+/, `AWS=${server.endpoint}/${bucket}`)
        .replace(/KEY=\S+/, `KEY=${accessKeyId}:${secretAccessKey}`);
      const { stdout } = await run('bash', ['-euc', script], { cwd: dir });
      expect(stdout.split('\n')).toEqual([name, `${name}.json`, `${name}: OK`, '']);
      expect(readFileSync(join(dir, name)).equals(archive)).toBe(true);
      expect(readFileSync(join(dir, 'restored/größe.txt'), 'utf8')).toBe('as it was\n');
    }
  );
});
