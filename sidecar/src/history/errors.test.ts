import { describe, expect, it } from 'vitest';
import { StageError } from '../errors.ts';
import { historyError } from './errors.ts';

const failed = (code: string) => Object.assign(new Error(`${code}: it did not work`), { code });

describe('a history that cannot be written', () => {
  it.each([
    ['its disk is full', 'ENOSPC', 'HistoryFull'],
    ['its quota is used up', 'EDQUOT', 'HistoryFull'],
    ['another user owns it', 'EACCES', 'HistoryNotWritable'],
    ['it is mounted read-only', 'EROFS', 'HistoryNotWritable'],
    ['its disk is broken', 'EIO', 'HistoryFailed'],
  ])('because %s (%s) says so, and names the file', (_, code, reason) => {
    expect(historyError('publish', '/data/nkvm.db', failed(code))).toMatchObject({
      stage: 'publish',
      reason,
      message: expect.stringContaining('/data/nkvm.db'),
      hint: expect.stringMatching(/./),
    });
  });

  it('keeps a verdict that was found before', () => {
    const verdict = new StageError(
      'queue',
      'HistoryTooNew',
      'a later NKVM wrote it',
      'upgrade',
      'needs-action'
    );
    expect(historyError('publish', '/data/nkvm.db', verdict)).toBe(verdict);
  });
});
