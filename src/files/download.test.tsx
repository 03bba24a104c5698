import { screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cutOff, fakeCluster, refusal } from '../testing/fakeCluster';
import { fileList } from '../testing/fileSamples';
import { openPage } from '../testing/mount';
import { aBackup } from '../testing/samples';

const TICKET = 'POST /backups/7/downloads';
const ticket = {
  path: '/api/v1/downloads/abc',
  expiresAt: '2026-11-20T10:01:00.000Z',
  fileName: 'archive.tar.gz',
  bytes: 3,
};

/** Clicks on links that the page makes itself. */
function watchLinks(): { href: string; download: string }[] {
  const seen: { href: string; download: string }[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
    this: HTMLAnchorElement
  ) {
    seen.push({ href: this.href, download: this.download });
  });
  return seen;
}

const open = (answers: Parameters<typeof fakeCluster>[0] = {}) => {
  const cluster = fakeCluster({
    'GET /backups/7': aBackup({ id: '7' }),
    'GET /backups/7/files': fileList([]),
    [TICKET]: ticket,
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, '/nkvm/backups/7/files?namespace=shop') };
};
const button = () => screen.findByRole('button', { name: 'Download archive of shop/orders-db' });

/** What is at the address by which the browser itself reaches the sidecar. */
function atTheLink(answer: () => Response): void {
  const plain = globalThis.fetch;
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) =>
    String(url).includes('/healthz/') ? Promise.resolve(answer()) : plain(url, init)
  );
}
const loginPage = () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
const PROXY_SESSION = /^The download failed\. Your session at the login proxy has ended/;
const frames = () => [...document.querySelectorAll('iframe')];

describe('a download', () => {
  afterEach(() => frames().forEach(frame => frame.remove()));

  it('is a link with a ticket where the browser reaches the sidecar by itself', async () => {
    const links = watchLinks();
    const { cluster, user } = open();
    atTheLink(() => new Response('ok'));
    await user.click(await button());
    expect(await screen.findByText('Downloading archive.tar.gz')).toBeVisible();
    expect(cluster.calls).toContain(`${TICKET} {"paths":[]}`);
    expect(frames().map(({ src }) => src)).toEqual([
      `${location.origin}/clusters/${cluster.name}/api/v1/namespaces/nkvm/services/nkvm:http/proxy/api/v1/downloads/abc`,
    ]);
    expect(links).toEqual([]);
  });

  it('is none where a login page is at the link', async () => {
    const links = watchLinks();
    const { user } = open();
    atTheLink(loginPage);
    await user.click(await button());
    expect(await screen.findByText(PROXY_SESSION)).toBeVisible();
    expect([...links, ...frames()]).toEqual([]);
  });

  it.each([
    ['a login page', loginPage, PROXY_SESSION],
    ['a refusal', () => new Response('ok'), /^The download failed.*start it again/],
  ])('says so where %s comes in place of the file', async (_, later, text) => {
    const links = watchLinks();
    const { user } = open();
    let answer = () => new Response('ok');
    atTheLink(() => answer());
    await user.click(await button());
    await screen.findByText('Downloading archive.tar.gz');
    answer = later;
    const [frame] = frames();
    Object.defineProperty(frame, 'contentWindow', { value: null });
    frame!.dispatchEvent(new Event('load'));
    expect(await screen.findByText(text)).toBeVisible();
    expect([...links, ...frames()]).toEqual([]);
  });

  it('goes through Headlamp’s ApiProxy elsewhere', async () => {
    const links = watchLinks();
    URL.createObjectURL = () => 'blob:abc';
    const { user } = open({ 'GET /downloads/abc': new Response('abc') });
    await user.click(await button());
    expect(await screen.findByText('archive.tar.gz is saved')).toBeVisible();
    expect(links).toEqual([{ href: 'blob:abc', download: 'archive.tar.gz' }]);
  });

  it.each<[string, Parameters<typeof fakeCluster>[0], RegExp?]>([
    ['cannot be prepared', { [TICKET]: refusal(403, 'user ann may not read archives') }],
    ['is refused', { 'GET /downloads/abc': refusal(404, 'this address is good for one download') }],
    ['is not whole', { 'GET /downloads/abc': new Response('ab') }, /The answer was cut off/],
    ['breaks off', { 'GET /downloads/abc': () => cutOff({}) }, /The answer was cut off/],
  ])('that %s says so, and nothing is saved', async (_, answers, why = /./) => {
    const links = watchLinks();
    const { user } = open(answers);
    await user.click(await button());
    const text = await screen.findByText(/^The download failed/);
    expect(text).toBeVisible();
    expect(text).toHaveTextContent(why);
    await waitFor(() => expect(links).toEqual([]));
  });
});
