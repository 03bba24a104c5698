import { describe, expect, it } from 'vitest';
import { rewrite } from './paths.ts';

const mounts = [
  { path: '/data', directory: '/tmp/v1' },
  { path: '/data/cache', directory: '/tmp/v2' },
];

describe('the paths of mounts in what a container is told', () => {
  it.each([
    ['/data', '/tmp/v1'],
    ['/data/orders/1', '/tmp/v1/orders/1'],
    ['/data/cache/x', '/tmp/v2/x'],
    ['--directory=/data', '--directory=/tmp/v1'],
    ['echo 1 >/data/count; ls "/data"', 'echo 1 >/tmp/v1/count; ls "/tmp/v1"'],
    ['/database', '/database'],
    ['/data-old /data.txt', '/data-old /data.txt'],
    ['/srv/data', '/srv/data'],
    ['metadata/x', 'metadata/x'],
  ])('%s becomes %s', (text, expected) => expect(rewrite(text, mounts)).toBe(expected));

  it('leaves everything as it is where nothing is mounted', () =>
    expect(rewrite('ls /data', [])).toBe('ls /data'));
});
