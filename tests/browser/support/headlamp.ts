import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { buildHost } from '../host/build.ts';
import { startHost } from '../host/server.ts';
import { type ChromiumOptions, launchChromium } from './chromium.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const WIDE = 1400;
export const NARROW = 400;
export const HEIGHT = 950;

/** Headlamp with the plugin over one cluster, in a browser. */
export interface Headlamp {
  /** Opens a page of the cluster in a tab of its own. */
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
export async function startHeadlamp(
  kubeUrl: string,
  options: ChromiumOptions = {}
): Promise<Headlamp> {
  const host = await startHost({
    staticDir: await buildHost(),
    pluginDir: ROOT,
    kubeUrl,
    port: 0,
  });
  const browser = await launchChromium(options);
  const { context } = browser;
  if (!context) {
    await host.close();
    throw new Error(browser.reason);
  }
  return {
    async open(path, { theme = 'light', width = WIDE, before } = {}) {
      const page = await context.newPage();
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
