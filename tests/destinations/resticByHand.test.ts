import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resticDestination } from '../../sidecar/src/destinations/restic/restic.ts';
import { ResticSettings } from '../../sidecar/src/destinations/restic/settings.ts';
import { RESTIC, resticMissing } from '../servers/restic.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/destinations/restic.md'), 'utf8');
const [init = '', byHand = ''] = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(
  ([, block = '']) => block
);
const ARCHIVE = /^archive=(.*)$/m.exec(byHand)?.[1] ?? '';
const PASSWORD = /RESTIC_PASSWORD=(\S+)/.exec(byHand)?.[1] ?? '';

describe.skipIf(resticMissing)(resticMissing ?? 'docs/destinations/restic.md', () => {
  it('creates a repository, and gets an archive out of it with restic alone', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'restic-by-hand-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const repository = join(dir, 'repository');
    const bin = RESTIC === 'restic' ? RESTIC : join(dir, 'restic');
    if (bin !== RESTIC) symlinkSync(RESTIC, bin);
    const shell = (block: string): string =>
      execFileSync('sh', ['-euc', block.replaceAll(/s3:https:\S+/g, repository)], {
        cwd: dir,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${dir}:${process.env.PATH}`,
          RESTIC_PASSWORD: PASSWORD,
          RESTIC_CACHE_DIR: join(dir, 'cache'),
        },
      });
    shell(init);
    const destination = resticDestination(
      ResticSettings.parse({ repository, password: PASSWORD }),
      { name: 'offsite', workDir: join(dir, 'work') },
      RESTIC
    );
    onTestFinished(() => destination.close());
    writeFileSync(join(dir, 'file'), 'contents');
    const archive = execFileSync('tar', ['-czf', '-', '-C', dir, 'file']);
    await (await destination.stage(ARCHIVE, Readable.from([archive]))).publish();
    expect(shell(byHand)).toContain(ARCHIVE);
    expect(readFileSync(join(dir, 'restored/file'), 'utf8')).toBe('contents');
  });
});
