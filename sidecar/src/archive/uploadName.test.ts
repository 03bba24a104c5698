import { expect, it } from 'vitest';
import { isUploadKey, uploadKey, withoutUploadKeys } from './uploadName.ts';

const key = uploadKey('a1b2', '0123456789abcdef0123456789abcdef');

it.each<[string, string]>([
  [
    `archive ${key} has no manifest: its volume is not known`,
    'the uploaded file has no manifest: its volume is not known',
  ],
  [`archive /backups/${key} is not there`, 'the uploaded file is not there'],
  [`archive memory:${key} is cut off`, 'the uploaded file is cut off'],
  [`the chosen archive ${key} no longer exists`, 'the uploaded file no longer exists'],
  [`index of archive ${key} is wrong`, 'index of the uploaded file is wrong'],
  [`ask for the checksum of ${key}.json`, 'ask for the checksum of the uploaded file'],
  [`Restored: 3 MiB from ${key} (run 01)`, 'Restored: 3 MiB from the uploaded file (run 01)'],
  [`“${key}” and '${key}'`, "“the uploaded file” and 'the uploaded file'"],
  ['archive c__shop__data__x.tar.gz is not there', 'archive c__shop__data__x.tar.gz is not there'],
])('a text for people names no key of an upload: %s', (text, expected) => {
  expect(withoutUploadKeys(text)).toBe(expected);
});

it('knows the key of an upload', () => {
  expect(isUploadKey(key)).toBe(true);
  expect(isUploadKey('c__shop__data__x.tar.gz')).toBe(false);
});
