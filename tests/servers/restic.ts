import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** The lowest cost that scrypt knows. */
const CHEAP = { N: 2, r: 1, p: 1 };

/**
 * Makes a repository whose password is looked at in no time: with the key that restic makes, each call takes half a second
 * of processor time.
 */
export function initRepository(repository: string, password: string): void {
  const restic = (...args: string[]): Buffer =>
    execFileSync(RESTIC, ['-r', repository, '--no-cache', '--quiet', ...args], {
      env: { ...process.env, RESTIC_PASSWORD: password },
      stdio: 'pipe',
    });
  restic('init');
  const keys = join(repository, 'keys');
  const [slow = ''] = readdirSync(keys);
  const key = JSON.parse(readFileSync(join(keys, slow), 'utf8'));
  const derived = scryptSync(password, Buffer.from(key.salt, 'base64'), 64, CHEAP);
  const data = seal(restic('cat', 'masterkey'), derived).toString('base64');
  const quick = JSON.stringify({ ...key, ...CHEAP, data });
  writeFileSync(join(keys, createHash('sha256').update(quick).digest('hex')), quick);
  rmSync(join(keys, slow));
}

/** Encrypts as restic does: AES-256 in counter mode, with a tag of Poly1305-AES. @param key of 64 bytes */
function seal(plain: Buffer, key: Buffer): Buffer {
  const nonce = randomBytes(16);
  const text = createCipheriv('aes-256-ctr', key.subarray(0, 32), nonce).update(plain);
  const aes = createCipheriv('aes-128-ecb', key.subarray(32, 48), null).setAutoPadding(false);
  return Buffer.concat([nonce, text, poly1305(text, key.subarray(48), aes.update(nonce))]);
}

/** @returns the 16 bytes of RFC 8439, 2.5. */
function poly1305(text: Buffer, r: Buffer, s: Buffer): Buffer {
  const number = (bytes: Buffer): bigint =>
    BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const factor = number(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < text.length; at += 16) {
    const block = Buffer.concat([text.subarray(at, at + 16), Buffer.from([1])]);
    sum = ((sum + number(block)) * factor) % (2n ** 130n - 5n);
  }
  const tag = (sum + number(s)) % 2n ** 128n;
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}
