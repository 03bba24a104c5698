import type { Browser, Page } from 'playwright-core';

/** How long to wait for a page: on a busy machine one takes half a minute. */
const PATIENCE_MS = 60_000;
/** All that a page of an origin can store, but not what the browser has loaded of it. */
const STORED = 'cookies,file_systems,indexeddb,local_storage,service_workers,cache_storage,websql';
/** What tests listen to. */
const EVENTS = ['console', 'request', 'response'] as const;

export interface FreshTabs {
  /** Opens an empty tab that shares nothing with the others of its time, and finds nothing of earlier ones. */
  open(locale?: string): Promise<Page>;
  /** Ends the use of a tab, which is emptied and used again, or closed. */
  release(page: Page): Promise<void>;
}

/** Emptied tabs, each alone in a browser context, by the locale of that. */
type Idle = Map<string, Page[]>;
const idleOf = new WeakMap<Browser, Idle>();
const localeOf = new WeakMap<Page, string>();

/**
 * Tabs for the pages below `url`. Tabs are used again, also for another server: a new one costs a window of the browser and a
 * process that compiles Headlamp, together more CPU time than the page itself.
 */
export function freshTabs(browser: Browser, url: string): FreshTabs {
  const { origin } = new URL(url);
  const idle: Idle = idleOf.get(browser) ?? new Map();
  idleOf.set(browser, idle);
  return {
    async open(locale) {
      const page = idle.get(locale ?? '')?.pop() ?? (await newTab(browser, locale));
      await clearStorage(page, origin);
      return page;
    },
    async release(page) {
      const isEmpty = await empty(page, url).catch(() => false);
      // Its browser may be gone already.
      if (!isEmpty)
        return await page
          .context()
          .close()
          .catch(() => undefined);
      const locale = localeOf.get(page) ?? '';
      idle.set(locale, [...(idle.get(locale) ?? []), page]);
    },
  };
}

async function newTab(browser: Browser, locale?: string): Promise<Page> {
  const context = await browser.newContext({ locale });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  localeOf.set(page, locale ?? '');
  return page;
}

async function clearStorage(page: Page, origin: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: STORED });
  await devtools.detach();
}

/** @returns false when something of a test is left in the tab: another tab beside it, or a script that stores something. */
async function empty(page: Page, url: string): Promise<boolean> {
  for (const event of EVENTS) page.removeAllListeners(event);
  await page.mouse.move(0, 0);
  // Of the same origin, so that the process stays, and without a script.
  await page.goto(`${url}/config`, { timeout: 10_000 });
  await clearStorage(page, new URL(url).origin);
  await page.evaluate('sessionStorage.clear()');
  await page.reload({ timeout: 10_000 });
  const stored = await page.evaluate('localStorage.length + sessionStorage.length');
  return stored === 0 && page.context().pages().length === 1;
}
