import { expect, it } from 'vitest';
import { placesText } from './places';

it.each([
  ['of an archive at the directory of NKVM alone', ['local'], undefined],
  ['of no archive', [], undefined],
  ['of an archive somewhere else', ['offsite'], 'offsite'],
  ['of an archive at several places', ['local', 'offsite'], 'local, offsite'],
])('the places %s', (_, presentAt, expected) => expect(placesText(presentAt)).toBe(expected));
