import { describe, expect, it } from 'vitest';
import type { RestoreFacts } from './verdictOnRestore.ts';
import { verdictOnRestore } from './verdictOnRestore.ts';

const sound: RestoreFacts['comparison'] = {
  entries: 3,
  bytes: 5,
  differences: 0,
  examples: [],
  notRestored: [],
  leftOver: 0,
};
const facts = (
  comparison: Partial<RestoreFacts['comparison']>,
  mode: RestoreFacts['mode'] = 'new',
  isSelection = false
): RestoreFacts => ({ mode, isSelection, comparison: { ...sound, ...comparison } });

describe('verdictOnRestore', () => {
  it.each<[string, RestoreFacts, string[]]>([
    ['accepts what is the same', facts({}), []],
    [
      'accepts files of the volume that stay in mode overwrite',
      facts({ leftOver: 7 }, 'overwrite'),
      [],
    ],
    [
      'warns where the volume was empty when it was backed up',
      facts({ entries: 1, bytes: 0 }),
      ['the archive holds no file: if it should, restore an older backup of the volume'],
    ],
    ['accepts one empty file that was chosen', facts({ entries: 1, bytes: 0 }, 'empty', true), []],
    ['accepts them beside a selection', facts({ leftOver: 7 }, 'mirror', true), []],
    [
      'warns of what could not be set, without names',
      facts({
        notRestored: [
          { kind: 'owner', count: 2, names: ['secret'] },
          { kind: 'selinux', count: 1, names: ['secret'] },
        ],
      }),
      [
        'the owner of 2 entries could not be restored here',
        'the SELinux label of 1 entry could not be restored here',
      ],
    ],
  ])('%s', (_, seen, warnings) => expect(verdictOnRestore(seen)).toEqual(warnings));

  it.each<[string, RestoreFacts, string, RegExp]>([
    [
      'a difference',
      facts({ differences: 1, examples: ['a'] }),
      'RestoreDiffers',
      /^1 entry differs/,
    ],
    ['an entry too many in a new volume', facts({ leftOver: 2 }), 'VolumeChanged', /2 entries/],
    [
      'an entry too many in mode empty',
      facts({ leftOver: 1 }, 'empty'),
      'VolumeChanged',
      /1 entry /,
    ],
    [
      'an entry too many in a mirror',
      facts({ leftOver: 1 }, 'mirror'),
      'VolumeChanged',
      /1 entry /,
    ],
    ['a comparison of nothing', facts({ entries: 0 }), 'NothingRestored', /no entry/],
    [
      'a difference beside attributes that could not be set',
      facts({ differences: 3, notRestored: [{ kind: 'acl', count: 1, names: [] }] }),
      'RestoreDiffers',
      /3 entries differ/,
    ],
  ])('refuses %s', (_, seen, reason, message) => {
    expect(() => verdictOnRestore(seen)).toThrow(expect.objectContaining({ reason }));
    expect(() => verdictOnRestore(seen)).toThrow(message);
  });
});
