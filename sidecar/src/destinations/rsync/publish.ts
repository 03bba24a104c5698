import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { nameTaken, temporaryGone } from '../common/refusals.ts';
import { newTemporary } from '../common/temporary.ts';
import { storesLess } from '../ftp/publish.ts';
import { literal } from './listing.ts';
import type { RsyncCall } from './process.ts';
import { runRsync } from './process.ts';
import { entriesOf, lookAt, only } from './remote.ts';
import type { RsyncSettings } from './settings.ts';

/** A file that is stored as `<temporary>/<key>`, on its way to its name. */
export interface Passage {
  temporary: string;
  key: string;
  bytes: number;
  /** The same file in the work directory. */
  file: string;
  /** For people. */
  place: string;
}

/** Digits of the key's digest, and of what makes a name unique. Together they are as long as a UUID. */
const HALF = 17;

/** @returns a name of a temporary that says which key it is for, and whose it is. */
export function claimTo(key: string, installation: string): string {
  const random = randomBytes(HALF).toString('hex').slice(0, HALF);
  return newTemporary(installation).slice(0, -36) + `${digestOf(key)}--${random}`;
}

const isClaimTo = (key: string, name: string): boolean =>
  name.slice(-36).startsWith(`${digestOf(key)}--`);

const digestOf = (key: string): string =>
  createHash('sha256').update(key).digest('hex').slice(0, HALF);

/** How long one publisher waits for others to notice that it comes first. */
const WAIT_MS = 30_000;
const EVERY_MS = 250;

/** All temporaries of NKVM, of any installation. */
const ANY = '.tmp-nkvm-*';

/**
 * Gives a temporary its name, on a server that can neither rename nor lock. The staged file itself reserves the name,
 * and every process sees all of these files. A process that sees a file that sorts before its own stops; the process whose file is the
 * first waits until it is the only one. Two processes cannot both be the only one, because each has staged before it looks.
 *
 * The server then makes a second name of the file (`--link-dest`), or a copy where it has no hard links, and skips a name
 * that exists (`--ignore-existing`). No byte of the archive is sent again.
 * @throws StageError; the temporary is still there
 */
export async function publishTemporary(
  settings: RsyncSettings,
  { temporary, key, bytes, file, place }: Passage,
  call: RsyncCall
): Promise<void> {
  await untilAlone();
  await runRsync(
    settings,
    remote => [
      ...['--ignore-existing', '--size-only', `--link-dest=${temporary}`],
      ...['--', file, `${remote}/`],
    ],
    call
  );
  const stored = await lookAt(settings, key, call);
  if (stored?.bytes !== bytes) throw storesLess(place, bytes, stored?.bytes);

  async function untilAlone(): Promise<void> {
    // Flat: names alone, because directories come and go while they are listed.
    const rules = only([`/${literal(key)}`, `/${ANY}/`]);
    for (const since = performance.now(); ; ) {
      const claims: string[] = [];
      for await (const { path, isFile } of entriesOf(settings, rules, call)) {
        if (isFile && path === key) throw nameTaken(place);
        if (!isFile && isClaimTo(key, path)) claims.push(path);
      }
      // A directory that others change while it is read can lack a name that was there all the time.
      const isWhole = claims.includes(temporary);
      if (!isWhole && !(await lookAt(settings, `${temporary}/${key}`, call)))
        throw temporaryGone(place);
      // The listing may have been read before another publisher's name came, and after its claim had gone.
      if (isWhole && claims.length === 1) {
        if (await lookAt(settings, key, call)) throw nameTaken(place);
        return;
      }
      const isFirst = claims.every(other => temporary <= other);
      if (!isFirst || performance.now() - since > WAIT_MS) throw nameTaken(place);
      await pause(EVERY_MS, undefined, { signal: call.signal });
    }
  }
}
