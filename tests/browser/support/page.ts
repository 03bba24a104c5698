import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { buildHost } from '../host/build.ts';
import { startHost } from '../host/server.ts';
import { launchChromium } from './chromium.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const WIDE = 1400;
export const NARROW = 400;
const HEIGHT = 950;

/** Headlamp with the plugin over one cluster, in a browser. */
export interface Headlamp {
  /** Opens a page of the cluster in a tab of its own, which is closed with the test. */
  open(path: string, options?: TabOptions): Promise<Page>;
  close(): Promise<void>;
}

export interface TabOptions {
  theme?: 'light' | 'dark';
  width?: number;
  /** Is called before the page is loaded. */
  before?: (page: Page) => Promise<unknown>;
}

/**
 * @param kubeUrl an API server that speaks plain HTTP, as the person who looks.
 * @throws Error when the browser does not start.
 */
export async function startHeadlamp(kubeUrl: string): Promise<Headlamp> {
  const host = await startHost({
    staticDir: await buildHost(),
    pluginDir: ROOT,
    kubeUrl,
    port: 0,
  });
  const browser = await launchChromium();
  const { context } = browser;
  if (!context) {
    await host.close();
    throw new Error(browser.reason);
  }
  return {
    async open(path, { theme = 'light', width = WIDE, before } = {}) {
      const page = await context.newPage();
      onTestFinished(() => page.close());
      await page.setViewportSize({ width, height: HEIGHT });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await before?.(page);
      await page.goto(`${host.url}/c/main${path}`);
      return page;
    },
    async close() {
      await browser.close();
      await host.close();
    },
  };
}

/** Takes a picture of what the window shows. @param name below `screenshots/`, without the ending. */
export async function shoot(page: Page, name: string): Promise<void> {
  const path = join(ROOT, 'screenshots', `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: 'disabled' });
}

/** The row of a volume in the list, found as a person finds it: by the search above the table. */
export async function findRow(page: Page, name: string): Promise<Locator> {
  const search = page.getByPlaceholder('Search');
  if (!(await search.isVisible())) {
    await page.getByRole('button', { name: 'Show/Hide search' }).click();
  }
  await search.fill(name);
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
  await row.waitFor();
  return row;
}
