import { join } from 'node:path';
import { imageEnvironment, imageFlags } from '../../support/imageFlags.ts';
import type { Command, Contest } from './contest.ts';
import { measure, middle, ROUNDS } from './contest.ts';

const PAIRS = [
  ['s3', 'sftp'],
  ['s3', 'ftp'],
  ['sftp', 'rsync'],
] as const;
const FOUR = ['s3', 'sftp', 'ftp', 'rsync'] as const;

/**
 * One process stores at several destinations at once: one stream at two of them, as a backup does it, against the slower of the
 * two alone; and four streams, each at a destination of its own, for the size of the process.
 */
export async function holdTogether(
  contests: Record<string, () => Promise<Contest | string>>,
  file: string,
  bytes: number
): Promise<void> {
  const settings: Record<string, Record<string, string>> = {};
  const open: Contest[] = [];
  try {
    for (const kind of FOUR) {
      const contest = await contests[kind]?.();
      if (!contest || typeof contest === 'string')
        return console.log(`together: skipped: ${contest}`);
      open.push(contest);
      settings[kind] = contest.settings;
    }
    let runs = 0;
    const run = (how: 'one-stream' | 'streams', ...kinds: string[]): Command => ({
      command: process.execPath,
      args: [
        ...imageFlags(),
        join(import.meta.dirname, 'ownClients.ts'),
        ...[how, `archive-${runs++}`, file, ...kinds],
      ],
      env: { ...imageEnvironment(), SETTINGS: JSON.stringify(settings) },
      reports: true,
    });
    for (const pair of PAIRS) {
      const took: Record<string, number[]> = {};
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const kinds of [[pair[0]], [pair[1]], pair])
          (took[kinds.join(' and ')] ??= []).push(
            (await measure(run('one-stream', ...kinds))).seconds
          );
      }
      const [first = NaN, second = NaN, both = NaN] = Object.values(took).map(middle);
      const times = both / Math.max(first, second);
      console.log(
        `${pair.join(' and ')} at once: ${both.toFixed(1)} s; alone ${first.toFixed(1)} s and ` +
          `${second.toFixed(1)} s; ${times.toFixed(2)} times the slower one`
      );
    }
    const { seconds, mebibytes } = await measure(run('streams', ...FOUR));
    console.log(
      `four streams at once (${FOUR.join(', ')}): ${((4 * bytes) / 1e6 / seconds).toFixed(
        0
      )} MB/s, ` + `biggest size ${mebibytes.toFixed(0)} MiB`
    );
  } finally {
    for (const contest of open) await contest.stop();
  }
}
