import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { backUp } from '../../cluster/support/backups.ts';
import { findRow } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

/** What a person chooses in Headlamp's settings. */
const speakGerman = (page: Page) =>
  page.addInitScript(() => localStorage.setItem('i18nextLng', 'de'));

/** A text in the table, such as the name of a cluster. */
const inMain = (page: Page, text: string): Locator =>
  page.getByRole('main').getByText(text, { exact: true }).first();

/** Several clusters at once, another base URL, another language. */
export function surroundingsTests(world: Seen): void {
  it('leads back to all clusters that were shown', async () => {
    const { kubeUrl } = world();
    const headlamp = await world().another({
      clusters: [
        { name: 'main', kubeUrl },
        { name: 'east', kubeUrl },
      ],
    });
    const page = await headlamp.open('/c/main+east/nkvm/volumes');
    await page.getByRole('button', { name: 'Show/Hide search' }).click();
    await page.getByPlaceholder('Search').fill('old-exports');
    await inMain(page, 'east').waitFor();
    const row = page
      .getByRole('row')
      .filter({ has: page.getByRole('link', { name: 'old-exports', exact: true }) })
      .filter({ has: page.getByText('east', { exact: true }) });
    await row.getByRole('button', { name: /^Back up/ }).click();
    await page.getByRole('button', { name: 'Watch', exact: true }).click();
    await page.getByRole('heading', { name: /^Backup of shop\/old-exports/ }).waitFor();
    const groupOf = (url: string) => /\/c\/([^/]+)\//.exec(url)?.[1]?.split('+').sort();
    expect(groupOf(page.url())).toEqual(['east', 'main']);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await inMain(page, 'main').waitFor();
    await inMain(page, 'east').waitFor();
  });

  it('works below another base URL', async () => {
    const headlamp = await world().another({
      clusters: [{ name: 'main', kubeUrl: world().kubeUrl }],
      baseUrl: '/headlamp',
    });
    const page = await headlamp.open('/nkvm/volumes');
    const row = await findRow(page, 'old-exports');
    const hrefs = await page
      .getByRole('main')
      .getByRole('link')
      .evaluateAll(links => links.map(link => link.getAttribute('href')));
    expect(hrefs.length).toBeGreaterThan(0);
    expect(hrefs.filter(href => !href?.startsWith('/headlamp/c/'))).toEqual([]);
    await row.getByRole('button', { name: /^Back up/ }).click();
    await page.getByRole('button', { name: 'Watch', exact: true }).click();
    await page.getByRole('heading', { name: /^Backup of shop\/old-exports/ }).waitFor();
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/headlamp\/c\/main\/nkvm\/backups\//);
  });

  it('speaks one language in a German browser', async () => {
    const call = await callAsAdmin(world());
    const { id } = await backUp(call, 'shop', 'media');
    for (const path of ['/nkvm/volumes', `/nkvm/backups/${id}?namespace=shop`]) {
      const page = await world().headlamp.open(path, { locale: 'de-DE', before: speakGerman });
      // Headlamp itself speaks German.
      await page
        .getByRole('link', { name: 'Einstellungen' })
        .or(page.getByLabel('Einstellungen'))
        .first()
        .waitFor();
      await page
        .getByText(/\bago\b|\bnow\b/)
        .first()
        .waitFor();
      expect(await page.getByRole('main').innerText()).not.toMatch(
        /\bvor \d|\bjetzt\b|\d,\d+ [KMG]i?B/
      );
    }
  });

  it.each([
    ['Volumes & Backups', '/nkvm/volumes'],
    ['Volume Backup', '/nkvm/backups/01nosuchrun?namespace=shop'],
    ['Volume Backups', '/nkvm/volumes/shop/notes'],
  ])('gives the tab the title %s', async (title, path) => {
    const page = await world().headlamp.open(path);
    await expect.poll(() => page.title(), { timeout: 30_000 }).toBe(`main - ${title}`);
  });
}
