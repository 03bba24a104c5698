import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sentDigest } from './sentDigest.ts';

const bytes = Buffer.from('archive');
const own = (algorithm: string) => createHash(algorithm).update(bytes).digest('hex');
const callers = () => ({ bytes: bytes.length, sha256: 'of the caller' });

describe('the checksum of what is sent', () => {
  it.each<[string, Parameters<typeof sentDigest>, string]>([
    ['is computed', [{}], own('sha256')],
    ['is that of the caller, where it has one', [{ digest: callers }], 'of the caller'],
    ['is computed when the server has another kind', [{ digest: callers }, 'md5'], own('md5')],
  ])('%s', (_, args, expected) => {
    const sent = sentDigest(...args);
    sent.update(bytes);
    expect(sent.hex()).toBe(expected);
  });
});
