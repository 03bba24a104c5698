import { describe, expect, it } from 'vitest';
import { expectNoPage, LoginPage, orLoginPage } from './loginPage';

const answer = (type: string) => new Response('…', { headers: { 'Content-Type': type } });
const failure = (status: number, message: string) => Object.assign(new Error(message), { status });
const PAGE = '<!doctype html><title>Log in</title>';

describe('a page in place of an answer', () => {
  it.each(['text/html', 'text/html; charset=utf-8', 'Text/HTML'])('is seen by its type %s', type =>
    expect(() => expectNoPage(answer(type))).toThrow(LoginPage)
  );

  it.each(['application/json', 'application/gzip', 'text/csv', 'text/event-stream', ''])(
    'is not an answer of type %s',
    type => {
      const response = answer(type);
      expect(expectNoPage(response)).toBe(response);
    }
  );

  it.each([
    [401, `Unauthorized - ${PAGE}`, true],
    [403, `Forbidden - ${PAGE}`, true],
    // Over HTTP/2 there is no status text.
    [401, ` - \n<html>…`, true],
    [401, 'Unauthorized - Unauthorized', false],
    [403, 'Forbidden - <img src=x onerror=alert(1)> is forbidden', false],
    [403, 'Forbidden - services "nkvm:http" is forbidden', false],
    // A proxy that reaches no Headlamp.
    [502, 'Bad Gateway - <html><title>502 Bad Gateway</title>', false],
  ])('is a login page with status %i and %j: %s', (status, message, expected) =>
    expect(orLoginPage(failure(status, message)) instanceof LoginPage).toBe(expected)
  );
});
