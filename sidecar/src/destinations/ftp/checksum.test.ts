import { expect, it } from 'vitest';
import { checksumIn, checksumOf } from './checksum.ts';

it.each([
  [{ HASH: 'SHA-1;SHA-256*;MD5' }, ['OPTS HASH SHA-256', 'HASH x']],
  [{ HASH: 'CRC32', XMD5: '' }, ['XMD5 x']],
  [{ XMD5: '', XSHA256: '' }, ['XSHA256 x']],
  [{ XCRC: '', SIZE: '' }, undefined],
])('of %j it asks for %j', (features, commands) => {
  expect(checksumOf(new Map(Object.entries(features)))?.commands('x')).toEqual(commands);
});

const SHA = 'AB'.repeat(32);

it.each([
  [`213 SHA-256 0-49 ${SHA} x`, SHA.toLowerCase()],
  [`250 ${SHA}`, SHA.toLowerCase()],
  [`250 ${SHA}0`, undefined],
  ['250 done', undefined],
])('reads %s', (answer, checksum) => {
  expect(checksumIn(answer, 'sha256')).toBe(checksum);
});
