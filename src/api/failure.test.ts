import { expect, it } from 'vitest';
import { type Failure, failureOf } from './failure';

const thrown = (message: string, status: number) => Object.assign(new Error(message), { status });

it.each<[string, unknown, Failure]>([
  [
    'takes the message of the body',
    thrown('Conflict - claim shop/a is not bound - start its pod', 409),
    { status: 409, message: 'claim shop/a is not bound - start its pod' },
  ],
  [
    'takes it where HTTP/2 leaves no status text',
    thrown(' - claim shop/a is not bound', 409),
    { status: 409, message: 'claim shop/a is not bound' },
  ],
  [
    'takes the status text where the body has no message',
    thrown('Bad Gateway - undefined', 502),
    { status: 502, message: 'Bad Gateway' },
  ],
  [
    'takes the title of a page',
    thrown('Bad Gateway - <html>\n<head><title>502 Bad Gateway</title></head>', 502),
    { status: 502, message: '502 Bad Gateway' },
  ],
  [
    'takes the status text where a page has no title',
    thrown('Bad Gateway - <html>', 502),
    { status: 502, message: 'Bad Gateway' },
  ],
  [
    'takes the status where there is nothing else',
    thrown('', 503),
    { status: 503, message: 'HTTP 503' },
  ],
  [
    'counts an error without a status as unreachable',
    new TypeError('fetch failed'),
    { status: 502, message: 'fetch failed' },
  ],
  ['takes what is no error at all', 'gone', { status: 502, message: 'gone' }],
])('%s', (_, error, expected) => expect(failureOf(error)).toEqual(expected));
