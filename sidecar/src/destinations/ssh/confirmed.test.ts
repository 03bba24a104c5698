import { expect, it } from 'vitest';
import { confirmedBy } from './confirmed.ts';

const sent = { bytes: 5, sha256: 'ab' };

it.each([
  ['the same digest', sent, sent, 'checksum'],
  ['no digest of the server', sent, { bytes: 5, sha256: undefined }, 'size'],
  ['no digest of ours', { bytes: 5, sha256: undefined }, sent, 'size'],
])('is proven by %s', (_, ours, theirs, level) =>
  expect(confirmedBy('a', ours, theirs)).toMatchObject({ level })
);

it.each([
  ['fewer bytes', { bytes: 4, sha256: undefined }, 'has 4 bytes there, 5 were sent'],
  ['another digest', { bytes: 5, sha256: 'cd' }, 'has SHA-256 cd on the server, ab was sent'],
])('is refused for %s', (_, theirs, message) =>
  expect(() => confirmedBy('a', sent, theirs)).toThrow(
    expect.objectContaining({ reason: 'DigestDiffers', message: expect.stringContaining(message) })
  )
);
