import { expect, it } from 'vitest';
import { startFakeHost } from './fakeHost.ts';

const LOGIN = { clusters: [{ name: 'main', asksForToken: true }, { name: 'other' }] };
const post = (token: string | null, cookie = ''): RequestInit => ({
  method: 'POST',
  headers: { cookie },
  body: JSON.stringify({ token }),
});
const cookiesOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map(cookie => cookie.split(';')[0])
    .join('; ');

it('lets nobody in without a token where a cluster takes one', async () => {
  const { url } = await startFakeHost(LOGIN);
  expect((await fetch(`${url}/clusters/main/api`)).status).toBe(401);
  expect((await fetch(`${url}/clusters/other/api`)).status).toBe(200);
});

it('keeps the token in a cookie of that cluster that no script can read, and asks with it', async () => {
  const { url, asked } = await startFakeHost(LOGIN);
  const answer = await fetch(`${url}/clusters/main/set-token`, post('secret'));
  expect(answer.headers.getSetCookie()[0]).toMatch(
    /Path=\/clusters\/main; HttpOnly; SameSite=Strict/
  );
  await fetch(`${url}/clusters/main/api`, { headers: { cookie: cookiesOf(answer) } });
  expect(asked.at(-1)?.headers.authorization).toBe('Bearer secret');
});

it('splits a token that is too long for one cookie', async () => {
  const { url, asked } = await startFakeHost(LOGIN);
  const token = 'x'.repeat(5_000);
  const answer = await fetch(`${url}/clusters/main/set-token`, post(token));
  expect(answer.headers.getSetCookie()).toHaveLength(2);
  await fetch(`${url}/clusters/main/api`, { headers: { cookie: cookiesOf(answer) } });
  expect(asked.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
});

it('logs out', async () => {
  const { url } = await startFakeHost(LOGIN);
  const login = cookiesOf(await fetch(`${url}/clusters/main/set-token`, post('secret')));
  const answer = await fetch(`${url}/clusters/main/set-token`, post(null, login));
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^headlamp-auth-main\.0=;.*Max-Age=0$/),
  ]);
});

it('says who has logged in, as far as the token says it', async () => {
  const { url } = await startFakeHost(LOGIN);
  const claims = Buffer.from(JSON.stringify({ sub: 'anna' })).toString('base64url');
  const me = (cookie: string) => fetch(`${url}/clusters/main/me`, { headers: { cookie } });
  expect((await me('')).status).toBe(401);
  expect((await me('headlamp-auth-main.0=opaque')).status).toBe(401);
  expect(await (await me(`headlamp-auth-main.0=a.${claims}.b`)).json()).toMatchObject({
    username: 'anna',
  });
});
