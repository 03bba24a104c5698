import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { go } from '../cluster/machine/go.ts';
import { CACHE } from '../cluster/machine/paths.ts';
import { isOnPath, run, say } from '../cluster/machine/run.ts';

/** As in Debian 13, of which the image is; Debian 12 has 0.14, which cannot read from a command. */
const VERSION = 'v0.18.1';
const HOME = join(CACHE, `restic-${VERSION.slice(1)}`);

/** The program, which may be missing. */
export const RESTIC = isDebians() ? 'restic' : join(HOME, 'restic');

/** Undefined: restic is there. Else why not, for a test that is skipped. */
export const resticMissing =
  RESTIC === 'restic' || existsSync(RESTIC)
    ? undefined
    : 'restic 0.17 or later is not there: npm run servers (Go)';

function isDebians(): boolean {
  if (!isOnPath('restic')) return false;
  const [, minor = '0'] = /^restic 0\.(\d+)/.exec(run('restic', ['version'])) ?? [];
  return Number(minor) >= 17;
}

/** Compiles restic: three minutes on two cores. */
export async function buildRestic(): Promise<void> {
  if (!resticMissing) return;
  if (!isOnPath('go')) return say('restic is not built: there is no go');
  say(`building restic ${VERSION} in ${HOME}: three minutes the first time`);
  mkdirSync(HOME, { recursive: true });
  await go('install', ['-ldflags', '-s -w', `github.com/restic/restic/cmd/restic@${VERSION}`], {
    cwd: HOME,
    env: { ...process.env, GOBIN: HOME, CGO_ENABLED: '0' },
  });
}
