import { beforeEach, describe, expect, it, vi } from 'vitest';
import { canLink, linkTo } from './link';
import { LoginPage } from './loginPage';
import { readPlacesFrom } from './place';

const { isRunningAsApp } = vi.hoisted(() => ({ isRunningAsApp: vi.fn(() => false) }));
vi.mock('@kinvolk/headlamp-plugin/lib', () => ({ Headlamp: { isRunningAsApp } }));

beforeEach(() => {
  vi.unstubAllGlobals();
  isRunningAsApp.mockReturnValue(false);
  readPlacesFrom(() => undefined);
});

describe('an address of the sidecar for the browser itself', () => {
  it.each([
    ['/', `${location.origin}/clusters/main/api/v1/namespaces/nkvm/services/nkvm:http/proxy/x`],
    [
      '/headlamp',
      `${location.origin}/headlamp/clusters/main/api/v1/namespaces/nkvm/services/nkvm:http/proxy/x`,
    ],
  ])('is below the base URL %s', (base, expected) => {
    vi.stubGlobal('headlampBaseUrl', base);
    expect(linkTo('main', '/x')).toBe(expected);
  });

  it('names the namespace and the Service of NKVM', () => {
    readPlacesFrom(() => ({ all: { namespace: 'backup', service: 'volumes' } }));
    expect(linkTo('main', '/x')).toMatch(
      /\/clusters\/main\/api\/v1\/namespaces\/backup\/services\/volumes:http\/proxy\/x$/
    );
  });

  it('does not exist in the desktop app', async () => {
    isRunningAsApp.mockReturnValue(true);
    expect(linkTo('main', '/x')).toBeUndefined();
    expect(await canLink('app')).toBe(false);
  });

  it.each([
    ['leads there', new Response('ok'), true],
    ['is answered by something else', new Response('<html>'), false],
    ['is refused', new Response('', { status: 401 }), false],
  ])('%s', async (name, response, expected) => {
    const fetched = vi.fn<typeof fetch>(async () => response);
    vi.stubGlobal('fetch', fetched);
    expect(await canLink(name)).toBe(expected);
    expect(fetched.mock.calls[0]?.[0]).toMatch(/\/proxy\/healthz\/~\d+$/);
  });

  it('is asked about each time, and a login page there is told from a sidecar that is elsewhere', async () => {
    const page = { headers: { 'Content-Type': 'text/html; charset=utf-8' } };
    const answers = [new Response('ok'), new Response('<html>', page)];
    vi.stubGlobal('fetch', async () => answers.shift());
    expect(await canLink('main')).toBe(true);
    await expect(canLink('main')).rejects.toThrow(LoginPage);
  });
});
