import { describe, expect, it } from 'vitest';
import { keyOf } from './cache.ts';
import { startFakeHost } from './fakeHost.ts';

const PROXY = '/api/v1/namespaces/nkvm/services/nkvm:http/proxy/api/v1';
const CACHED = { isCacheEnabled: true };

describe('the key of an answer', () => {
  it.each<[string, string, string | undefined]>([
    [
      'is the group, the last segment, the namespace and the cluster',
      '/apis/apps/v1/namespaces/shop/deployments',
      'apps+deployments+shop+main',
    ],
    ['leaves out the rest of the path', `${PROXY}/volumes/shop/data`, '+data+nkvm+main'],
    ['leaves out the query', `${PROXY}/backups?namespace=shop`, '+backups+nkvm+main'],
    ['has no namespace for all namespaces', '/api/v1/pods', '+pods++main'],
    [
      'does not take an object called namespaces for one',
      '/api/v1/namespaces',
      '+namespaces++main',
    ],
    ['is not there for other paths', '/version', undefined],
  ])('%s', (_, path, key) => expect(keyOf(path, 'main')).toBe(key));
});

describe('with its cache, headlamp-server', () => {
  it('answers the second request without asking, whatever its query and its headers', async () => {
    const { url, asked } = await startFakeHost(CACHED);
    const path = `${url}/clusters/main${PROXY}/backups`;
    const first = await (
      await fetch(`${path}?name=a`, { headers: { 'x-nkvm-token': 'a' } })
    ).text();
    const second = await fetch(`${path}?name=b`);
    expect(await second.text()).toBe(first);
    expect(second.headers.get('x-headlamp-cache')).toBe('true');
    expect(asked.filter(({ url }) => url?.includes('/backups'))).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['a server’s error', '/api/v1/fail'],
    ['a body with the word Failure', '/api/v1/refuse'],
    ['a path that is not of the API', '/version'],
  ])('keeps no answer that is %s', async (_, path) => {
    const { url, asked } = await startFakeHost(CACHED);
    for (let times = 0; times < 2; times += 1)
      await (await fetch(`${url}/clusters/main${path}`)).text();
    expect(asked.filter(each => each.url === path)).toHaveLength(2);
  });

  it('asks for the same path and keeps that after any other method', async () => {
    const { url, asked } = await startFakeHost(CACHED);
    const path = `${url}/clusters/main${PROXY}/backups`;
    await (await fetch(path)).text();
    await (await fetch(path, { method: 'POST', body: '{}' })).text();
    await expect.poll(() => asked.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
    expect(JSON.parse(await (await fetch(path)).text())).toMatchObject({ count: 3 });
  });

  it('asks again after ten minutes', async () => {
    let nowMs = 0;
    const { url, asked } = await startFakeHost({ ...CACHED, now: () => nowMs });
    for (nowMs of [0, 599_999, 600_000]) {
      await (await fetch(`${url}/clusters/main/api/v1/pods`)).text();
    }
    expect(asked).toHaveLength(2);
  });

  it('gives nothing to somebody who lacks the right to it', async () => {
    const { url } = await startFakeHost(CACHED);
    const path = `${url}/clusters/main/api/v1/secrets`;
    const answer = await fetch(path, { headers: { authorization: 'Bearer nobody' } });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('x-headlamp-cache')).toBe('true');
  });

  it('sends a stream of events only when much has gathered', async () => {
    const { url, asked, push } = await startFakeHost(CACHED);
    const answer = fetch(`${url}/clusters/main/api/v1/stream`);
    await expect.poll(() => asked).toHaveLength(1);
    push('x'.repeat(2_000));
    await (await fetch(`${url}/clusters/main/version`)).text(); // the first part has come meanwhile
    push('x'.repeat(3_000));
    const { value } = await (await answer).body!.getReader().read();
    expect(value).toHaveLength(5_000);
  });
});
