import type { Page } from 'playwright-core';

/** Logs in on the page that asks for a token. */
export async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('ID token').fill(token);
  await page.getByRole('button', { name: 'Authenticate' }).click();
}

/** Headlamp does not reload its page: it goes to its home page, and from there to the login. */
export async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Account of current user' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByLabel('ID token').waitFor();
}

/** Follows the entry in the sidebar. */
export const openVolumes = (page: Page): Promise<void> =>
  page.locator('a[href$="/nkvm/volumes"]').first().click();

/** @returns what scripts of the page can read later: storage, caches and the names of databases. */
export const keptBy = (page: Page): Promise<string> =>
  page.evaluate(`(async () => {
    const cached = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) cached.push(url);
    }
    const databases = await indexedDB.databases();
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, cached, databases, document.cookie]);
  })()`);
