import { expect, it } from 'vitest';
import { EARLY_LIMITS, refusalOfBeginning, refusalOfParser } from './early.ts';

it.each<[string | undefined, number, string]>([
  ['HPE_HEADER_OVERFLOW', 431, 'HeadersTooBig'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413, 'BodyTooBig'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'RequestTimeout'],
  ['HPE_INVALID_METHOD', 400, 'MalformedRequest'],
  ['HPE_SOMETHING_NEW', 400, 'MalformedRequest'],
  [undefined, 400, 'MalformedRequest'],
])('%s of the parser is %i %s', (code, status, reason) => {
  expect(refusalOfParser(code === undefined ? {} : { code }, false)).toMatchObject({
    status,
    reason,
  });
});

const sound = { url: '/api/v1/info', httpVersion: '1.1', host: 'nkvm' };
it.each<[string, Partial<Parameters<typeof refusalOfBeginning>[0]>, number | undefined]>([
  ['an ordinary request', {}, undefined],
  ['HTTP/1.0, which has no Host', { httpVersion: '1.0', host: undefined }, undefined],
  ['HTTP/1.1 without Host', { host: undefined }, 400],
  ['an empty Host', { host: '' }, undefined],
  ['the longest URL', { url: '/'.padEnd(EARLY_LIMITS.urlLength, 'a') }, undefined],
  ['a longer one', { url: '/'.padEnd(EARLY_LIMITS.urlLength + 1, 'a') }, 414],
])('%s', (_, differs, status) => {
  expect(refusalOfBeginning({ ...sound, ...differs })?.status).toBe(status);
});
