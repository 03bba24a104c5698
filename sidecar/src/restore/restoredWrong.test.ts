import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UnpackWorld } from '../testing/helper/unpackWorld.ts';
import { unpackWorld } from '../testing/helper/unpackWorld.ts';
import { verdictOnRestore } from './verdictOnRestore.ts';

let world: UnpackWorld;
beforeEach(() => {
  world = unpackWorld();
  execFileSync(
    'sh',
    [
      '-ec',
      `umask 022; mkdir d; echo one >a; ln a d/second; echo two >b; echo one >copy; ln -s b link; : >nothing
      head -c 100000 /dev/urandom >big; chmod 4750 b; touch -d '@1600000000.123456789' a b copy big`,
    ],
    { cwd: world.source }
  );
});
afterEach(() => world.stop());

/** Restores everything into a new claim; `script` is what goes wrong in the volume before it is compared. */
async function verdictAfter(script: string): Promise<string[]> {
  world.before(
    'tar',
    `case "$*" in *--extract*--xattrs*)
      /usr/bin/env PATH=/usr/bin:/bin tar "$@" || exit; cd "$volume"; ${script}
      exit 0;;
    esac`
  );
  const { comparison } = await world.unpack(world.packed(), { mode: 'new' });
  try {
    return verdictOnRestore({ mode: 'new', isSelection: false, comparison });
  } catch (error) {
    throw Object.assign(error as Error, { examples: comparison.examples.join('\n') });
  }
}

/** Changes the names in a directory, and leaves its time as it was. */
const quietly = (script: string): string =>
  `touch -r . ../time; ${script}; touch -r ../time .; rm ../time`;

const isRoot = process.getuid?.() === 0;

describe('a restore is never called a success when', () => {
  it('nothing is wrong: then it is one', async () => expect(await verdictAfter(':')).toEqual([]));

  it.each<[string, string, RegExp]>([
    ['a file is missing', quietly('rm b'), /^b is missing$/m],
    ['all files are missing', 'rm -r ./*', /^(a|d\/second) is missing$/m],
    ['a file is empty', ': >b', /^b has 0 bytes, in the archive 4/m],
    [
      'a file is truncated',
      'truncate -s 99999 big',
      /^big has 99999 bytes, in the archive 100000/m,
    ],
    [
      'a block of a file became a hole',
      `dd if=/dev/zero of=big bs=4096 seek=3 count=1 conv=notrunc 2>/dev/null; touch -d '@1600000000.123456789' big`,
      /^big has other contents$/m,
    ],
    [
      'a hard link is a file of its own, with the same contents',
      quietly('cp -p a x; mv x a'),
      /^(a|d\/second) is not a hard link any more/m,
    ],
    [
      'two files became one',
      quietly('ln -f a copy'),
      / is a hard link to .*, and not in the archive$/m,
    ],
    ['a file has another mode', 'chmod 0750 b', /^b has mode 0750, in the archive 4750/m],
    ['a file has another time', 'touch -d @1600000000 a', /^(a|d\/second) /m],
    ['a link leads elsewhere', quietly('ln -sfn a link'), /^link leads elsewhere/m],
    ['a file is a directory', quietly('rm nothing; mkdir nothing'), /^nothing is a directory/m],
  ])('%s', async (_, script, sentence) => {
    await expect(verdictAfter(script)).rejects.toMatchObject({
      reason: 'RestoreDiffers',
      examples: expect.stringMatching(sentence),
    });
  });

  it.runIf(isRoot)('a file belongs to somebody else', async () => {
    await expect(verdictAfter('chown 12:13 a')).rejects.toMatchObject({
      reason: 'RestoreDiffers',
      examples: expect.stringMatching(/belongs to 12:13, in the archive to 0:0/),
    });
  });

  it('there is a file that the archive does not have', async () => {
    await expect(verdictAfter(quietly(': >extra'))).rejects.toMatchObject({
      reason: 'VolumeChanged',
    });
  });
});
