import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SERVICE_PROXY_PATH } from '../../../sidecar/api/names.ts';
import { LoginPage } from '../session/loginPage';
import { CachedAnswer, callSidecar, doorOf, whoAmIIn } from './send';
import { CutOff } from './wholeAnswer';

/** Loading all of Headlamp takes ten seconds: its real ApiProxy runs in the tests of the pages. */
const { clusterRequest, post } = vi.hoisted(() => ({ clusterRequest: vi.fn(), post: vi.fn() }));
vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ ApiProxy: { clusterRequest, post } }));

beforeEach(() => void vi.resetAllMocks());

describe('a request to the sidecar', () => {
  const sent = () => clusterRequest.mock.calls.map(([path, options]) => ({ path, ...options }));

  it('has a last path segment that no other request has, before the query', async () => {
    clusterRequest.mockImplementation(async () => new Response('{}'));
    await callSidecar('main', { path: '/api/v1/backups?namespace=shop' });
    await callSidecar('main', { path: '/api/v1/backups?namespace=shop' });
    const paths = sent().map(({ path }) => path);
    for (const path of paths) {
      expect(path.slice(SERVICE_PROXY_PATH.length)).toMatch(
        /^\/api\/v1\/backups\/~[0-9a-f]{24}\?namespace=shop$/
      );
    }
    expect(paths[0]).not.toBe(paths[1]);
  });

  it('refuses what Headlamp answers from its cache', async () => {
    const headers = { 'X-HEADLAMP-CACHE': 'true' };
    clusterRequest.mockResolvedValue(new Response('{}', { headers }));
    await expect(callSidecar('main', { path: '/api/v1/volumes' })).rejects.toBeInstanceOf(
      CachedAnswer
    );
  });

  it('never lets a 401 of the sidecar log somebody out of Headlamp', async () => {
    clusterRequest.mockResolvedValue(new Response('{}'));
    await callSidecar('main', { path: '/api/v1/volumes' }, 'token');
    expect(sent()[0]).toMatchObject({
      autoLogoutOnAuthError: false,
      headers: { 'X-NKVM-Token': 'token' },
    });
  });
});

describe('the JSON of an answer', () => {
  const read = async (answer: Response) => {
    clusterRequest.mockResolvedValue(answer);
    return (await callSidecar('main', { path: '/api/v1/volumes' })).json();
  };
  const breaking = (error: Error) =>
    new Response(new ReadableStream({ start: stream => stream.error(error) }));

  it('is what was sent', async () => {
    expect(await read(new Response('{"volumes":[]}'))).toEqual({ volumes: [] });
  });

  it.each<[string, () => Response]>([
    ['the connection breaks', () => breaking(new TypeError('network error'))],
    ['it ends too early', () => new Response('{"volumes":[{"na')],
    ['nothing comes', () => new Response('')],
  ])('was cut off where %s', async (_, answer) => {
    await expect(read(answer())).rejects.toBeInstanceOf(CutOff);
  });

  it.each<[string, () => Response, string]>([
    [
      'somebody left the page',
      () => breaking(new DOMException('aborted', 'AbortError')),
      'aborted',
    ],
    ['something else answered', () => new Response('hello'), 'is not JSON'],
  ])('was not cut off where %s', async (_, answer, text) => {
    const error = await read(answer()).catch(error => error);
    expect(error).not.toBeInstanceOf(CutOff);
    expect(String(error)).toContain(text);
  });
});

describe('behind a login proxy whose session has ended', () => {
  const page = () =>
    new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html; charset=utf-8' } });
  const refusal = (status: number) =>
    Object.assign(new Error('Forbidden - <!doctype html>'), { status });

  it('a login page is not taken for an answer', async () => {
    clusterRequest.mockImplementation(async () => page());
    await expect(callSidecar('main', { path: '/api/v1/volumes' })).rejects.toBeInstanceOf(
      LoginPage
    );
    await expect(doorOf('main')).rejects.toBeInstanceOf(LoginPage);
  });

  it.each([401, 403])('a login page with status %i is one, too', async status => {
    clusterRequest.mockRejectedValue(refusal(status));
    await expect(callSidecar('main', { path: '/api/v1/volumes' })).rejects.toBeInstanceOf(
      LoginPage
    );
  });

  it.each<[string, Error]>([
    ['is not JSON', new SyntaxError('Unexpected token <')],
    ['is not JSON and has status 401', Object.assign(new Error('Unauthorized'), { status: 401 })],
    ['is not JSON and has status 403', Object.assign(new Error(''), { status: 403 })],
  ])('the question who is logged in says so when the answer %s', async (_, error) => {
    clusterRequest.mockImplementation(async () => page());
    post.mockRejectedValue(error);
    await expect(whoAmIIn('main')()).rejects.toBeInstanceOf(LoginPage);
  });
});

describe('who is logged in', () => {
  const ask = whoAmIIn('main');

  it('is told by name and UID: an account of the same name may be another one', async () => {
    post.mockResolvedValue({ status: { userInfo: { username: 'ann', uid: '7' } } });
    expect(await ask()).toBe('["ann","7"]');
    expect(post.mock.calls[0]).toMatchObject([
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { kind: 'SelfSubjectReview' },
      false,
      { cluster: 'main' },
    ]);
  });

  it.each([403, 404])('is not known where the API server answers %i', async status => {
    post.mockRejectedValue(Object.assign(new Error('No - no'), { status }));
    expect(await ask()).toBeUndefined();
  });

  it.each([401, 503])('fails where the API server answers %i', async status => {
    post.mockRejectedValue(Object.assign(new Error('No - no'), { status }));
    await expect(ask()).rejects.toMatchObject({ status });
  });
});
