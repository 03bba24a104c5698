import { expect, it } from 'vitest';
import type { Backup } from '../../sidecar/api';
import type { Translate } from '../ui/text';
import { chainText, neededBy } from './chainText';

const t = ((text: string) => text) as Translate;
const link = (bytes: number) => ({ runId: 'a', archive: 'a.tar.gz', bytes, sha256: '' });

it.each<[string, Backup['chain'], string | undefined, ReturnType<typeof neededBy>]>([
  ['an archive alone', null, undefined, undefined],
  ['a full archive', { links: [] }, 'Full', undefined],
  ['an increment', { links: [link(100), link(5)] }, 'Increment', { count: 2, bytes: 105 }],
])('says of %s what it is', (_, chain, text, needed) => {
  expect(chainText({ chain }, t)).toBe(text);
  expect(neededBy({ chain })).toEqual(needed);
});
