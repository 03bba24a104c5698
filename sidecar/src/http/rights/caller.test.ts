import { describe, expect, it } from 'vitest';
import type { Subject } from '../../cluster/gateway/access.ts';
import { nameOf, userOf, userTokenOf } from './caller.ts';

const subject = (
  username: string,
  more: { credential?: string; cluster?: string } = {}
): Subject => ({
  ...{ username, uid: undefined, groups: [] },
  extra: more.credential ? { 'authentication.kubernetes.io/credential-id': [more.credential] } : {},
  ...(more.cluster !== undefined && { cluster: more.cluster }),
});

/** Each is somebody else, whatever they are called. */
const PEOPLE: Subject[] = [
  subject('ann'),
  subject('ann', { cluster: 'edge' }),
  subject('ann', { cluster: 'edge (JTI=1)' }),
  subject('ann of cluster edge'),
  subject('["edge","ann"]'),
  subject('[null,"ann"]'),
  subject('"ann"'),
  subject('"ann of cluster edge"'),
  subject('ann (JTI=1)'),
  subject('ann of cluster edge (JTI=1)'),
  subject('schedule'),
];
/** Others with a token. */
const TOKENS: Subject[] = [
  subject('ann', { credential: 'JTI=1' }),
  subject('ann', { credential: 'JTI=2' }),
  subject('ann', { credential: 'JTI=1', cluster: 'edge' }),
  subject('ann', { credential: 'JTI=1) of cluster edge (JTI=2' }),
  subject('ann of cluster edge', { credential: 'JTI=1' }),
];

const count = (texts: string[]): number => new Set(texts).size;

describe('a caller', () => {
  it('has a key that nobody else has, whatever others are called', () => {
    expect(count(PEOPLE.map(userOf))).toBe(PEOPLE.length);
    const all = [...PEOPLE, ...TOKENS];
    expect(count(all.map(userTokenOf))).toBe(all.length);
  });

  it('has a name in records of runs that nobody else has, nor NKVM itself', () => {
    const names = [...PEOPLE, ...TOKENS].map(nameOf);
    expect(count(names)).toBe(names.length);
    expect(names).not.toContain('schedule');
    expect(nameOf(subject('ann of cluster edge'))).toBe('"ann of cluster edge"');
    expect(nameOf(subject('ann', { cluster: 'edge', credential: 'JTI=1' }))).toBe(
      'ann of cluster edge (JTI=1)'
    );
  });
});
