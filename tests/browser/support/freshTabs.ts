import type { Browser, BrowserContext, Page } from 'playwright-core';

/** How long to wait for a page: on a busy machine one takes half a minute. */
const PATIENCE_MS = 60_000;
/** All that a page of an origin can store, but not what the browser has loaded and compiled of it. */
const STORED = 'cookies,file_systems,indexeddb,local_storage,service_workers,cache_storage,websql';

export interface FreshTabs {
  /** Opens an empty tab that shares nothing with the others of its time, and finds nothing of earlier ones. */
  open(locale?: string): Promise<Page>;
}

/**
 * Tabs for the pages of `origin`. The browser context of a tab that was closed is used again: it has loaded and compiled Headlamp,
 * so that later pages are there sooner.
 */
export function freshTabs(browser: Browser, origin: string): FreshTabs {
  const idle = new Map<string, BrowserContext[]>();
  return {
    async open(locale) {
      const others = idle.get(locale ?? '') ?? [];
      idle.set(locale ?? '', others);
      const context = others.pop() ?? (await browser.newContext({ locale }));
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const devtools = await context.newCDPSession(page);
      await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: STORED });
      await devtools.detach();
      page.on('close', () => {
        // One with another tab in it, which the page has opened, is left to the browser.
        if (context.pages().length === 0) others.push(context);
      });
      return page;
    },
  };
}
