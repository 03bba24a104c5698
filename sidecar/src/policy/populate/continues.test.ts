import { expect, it } from 'vitest';
import { continuesOf } from './continues.ts';

const [ONE, TWO] = ['8f3c2a10-5d7e-4b1f-9c64-2f0a7be1d3c5', '1f3c2a10-5d7e-4b1f-9c64-2f0a7be1d3c5'];

it.each([
  ['none', 'none'],
  [`prod-1=${ONE}`, [{ name: 'prod-1', uid: ONE }]],
  [
    `admin@prod=${ONE}, prod-2=${TWO}`,
    [
      { name: 'admin@prod', uid: ONE },
      { name: 'prod-2', uid: TWO },
    ],
  ],
  [ONE, [{ name: ONE, uid: ONE }]],
  ['prod-1', undefined], // a name alone may be that of another cluster
  [`prod-1=${ONE},`, undefined],
  [`prod-1=${ONE},prod-2=${ONE}`, undefined],
  [`none,prod-1=${ONE}`, undefined],
  [`=${ONE}`, undefined],
  [`prod-1=${ONE.toUpperCase()}`, undefined],
  ['prod-1=*', undefined],
  ['*', undefined],
  ['', undefined],
])('reads %s', (text, expected) => expect(continuesOf(text)).toEqual(expected));
