import { describe, expect, it } from 'vitest';
import { attachment, fitFileName } from './fileName.ts';

describe('the name of a download', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['größe 日本.txt', 'größe 日本.txt'],
    ['a\r\nSet-Cookie: x=y', 'a__Set-Cookie_ x=y'],
    ['"; filename=evil.exe', '_; filename=evil.exe'],
    ['../../.ssh/config', '_.._.ssh_config'],
    ['..', 'file'],
    ['. .', 'file'],
    ['', 'file'],
    ['txt.\u202Efdp.exe', 'txt._fdp.exe'],
    ['odd \\377\\\\name', 'odd _377__name'],
    ['\uD800', '_'],
    ['x'.repeat(1_000), 'x'.repeat(200)],
    ['😀'.repeat(300), '😀'.repeat(200)],
  ])('%j is %j', (name, fit) => {
    expect(fitFileName(name, 'file')).toBe(fit);
  });

  it('is in the header twice, for old browsers and for new ones', () => {
    expect(attachment("größe (1)'s 100%.txt")).toBe(
      `attachment; filename="gr__e (1)'s 100_.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%281%29%27s%20100%25.txt`
    );
  });
});
