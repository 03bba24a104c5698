import { expect, it } from 'vitest';
import { placed } from './placed';

const own = { id: 'own' };
const named = (...ids: string[]) => ids.map(id => ({ id }));

it.each([
  ['behind the facts of the object', named('header', 'facts', 'events'), 'header facts own events'],
  ['behind the header while there are no facts', named('header', 'error'), 'header own error'],
  ['at the end where it knows no section', named('events'), 'events own'],
])('puts the section %s', (_, sections, expected) => {
  const ids = placed(own, sections, ['facts', 'header']).map(({ id }) => id);
  expect(ids.join(' ')).toBe(expected);
});
