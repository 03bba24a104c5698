/**
 * Each kind of destination against its own native client, with the same bytes, each to and from a server on loopback.
 * A figure is the middle of three; the two take turns. Each is a program of its own; of programs for Node, the time of loading
 * their sources is not counted. Seconds of CPU are those of all processes, the server's included; on a busy
 * machine they are more reliable than times.
 * `together` lets one process store at several at once.
 * usage: node tests/bench/destinations.bench.ts [MEGABYTES] [KIND… | together]
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contest } from './support/contest.ts';
import { hold } from './support/contest.ts';
import { ftpContest } from './support/ftpContest.ts';
import { rsyncContest } from './support/rsyncContest.ts';
import { s3Contest } from './support/s3Contest.ts';
import { scpContest, sftpContest } from './support/sshContest.ts';
import { holdTogether } from './support/together.ts';

/** How the contest of each kind is prepared; or why it cannot be held here. */
const CONTESTS: Record<string, () => Promise<Contest | string>> = {
  s3: s3Contest,
  sftp: sftpContest,
  scp: scpContest,
  ftp: ftpContest('ftp'),
  ftps: ftpContest('ftps'),
  rsync: rsyncContest,
};

const [megabytes = '1000', ...wanted] = process.argv.slice(2);
const dir = mkdtempSync(join(tmpdir(), 'nkvm-bench-'));
try {
  const file = join(dir, 'archive');
  const bytes = fill(file, Number(megabytes) * 1e6);
  for (const kind of wanted.length > 0 ? wanted : [...Object.keys(CONTESTS), 'together']) {
    if (kind === 'together') {
      await holdTogether(CONTESTS, file, bytes);
      continue;
    }
    const contest = await CONTESTS[kind]?.();
    if (typeof contest === 'string') console.log(`${kind}: skipped: ${contest}`);
    else if (contest) await hold(kind, contest, file, bytes).finally(() => contest.stop());
    else console.log(`${kind}: there is no contest; known: ${Object.keys(CONTESTS).join(', ')}`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** Writes bytes that cannot be made smaller, as an archive is compressed already. @returns how many */
function fill(path: string, bytes: number): number {
  const piece = Buffer.allocUnsafe(8 * 1024 ** 2);
  const target = openSync(path, 'w');
  let written = 0;
  while (written < bytes) written += writeSync(target, randomFillSync(piece));
  closeSync(target);
  return written;
}
