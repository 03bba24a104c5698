import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';

const TOKEN = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJueSJ9.c2ln-bmF0_dXJl`;

/** @returns what a log writes. */
function written(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  write(createLog('debug', { write: line => (text += line) }));
  return text;
}

describe('the log', () => {
  it('is one JSON object a line, with the fields that it was given', () => {
    const about = { run: '01a', namespace: 'shop', pvc: 'orders-db' };
    const line = written(log => log.info(about, 'backup started'));
    expect(JSON.parse(line)).toMatchObject({ ...about, msg: 'backup started', level: 30 });
    expect(line.endsWith('}\n')).toBe(true);
  });

  it.each<[string, (log: ReturnType<typeof createLog>) => void]>([
    ['a message', log => log.warn({}, `the API server refused ${TOKEN}`)],
    ['a field', log => log.info({ url: `/api?token=${TOKEN}` }, 'x')],
    ['a header in a text', log => log.error({}, `authorization: Bearer ${TOKEN}`)],
    ['an opaque bearer token', log => log.error({}, 'Authorization: bearer c2VjcmV0+/=')],
    ['an error', log => log.error({ err: new Error(`no: ${TOKEN}`) }, 'x')],
    [
      'a field of an error',
      log => log.error({ err: Object.assign(new Error('no'), { headers: ['c2VjcmV0+/='] }) }, 'x'),
    ],
  ])('keeps no token that stands in %s', (_, write) => {
    const text = written(write);
    expect(JSON.parse(text).level).toBeGreaterThan(0);
    expect(text).not.toMatch(/eyJ|c2ln|c2VjcmV0/);
  });

  it('tells an error’s message and stack', () => {
    const text = written(log => log.error({ err: new RangeError('too far') }, 'x'));
    expect(JSON.parse(text).err).toMatchObject({
      type: 'RangeError',
      message: 'too far',
      stack: expect.stringContaining('log.test.ts'),
    });
  });
});
