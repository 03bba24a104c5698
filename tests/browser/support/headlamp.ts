import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { buildHost } from '../host/build.ts';
import type { HostedCluster } from '../host/config.ts';
import { startHost } from '../host/server.ts';
import { launchChromium } from './chromium.ts';
import { freshTabs } from './freshTabs.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const WIDE = 1400;
export const NARROW = 400;

/** Widths at which pages are looked at: a phone, a tablet, half of a screen, a laptop. */
export const WIDTHS = [390, 800, 1024, 1440] as const;
export const HEIGHT = 950;

/** Headlamp with the plugin, in a browser. */
export interface Headlamp {
  /**
   * Opens a page of the first cluster in a tab that shares nothing with others; a path that begins with `/c/` is taken
   * as it is. Closing the page closes its tab, too.
   */
  open(path: string, options?: TabOptions): Promise<Page>;
  /** Takes a page back, as if it was closed. */
  release(page: Page): Promise<void>;
  /** Of headlamp-server. */
  url: string;
  /** Breaks all connections to it, also those that carry a stream. The browser may open new ones. */
  cut(): void;
  close(): Promise<void>;
}

export interface TabOptions {
  theme?: 'light' | 'dark';
  width?: number;
  /** Of the browser, e.g. `de-DE`. */
  locale?: string;
  /** Is called before the page is loaded. */
  before?: (page: Page) => Promise<unknown>;
}

export interface HeadlampOptions {
  clusters: readonly HostedCluster[];
  baseUrl?: string;
  isCacheEnabled?: boolean;
  /** A server that runs already, and is not stopped; without it, one is started. */
  browser?: Browser;
  /** See `launchChromium`. */
  handlesSignals?: boolean;
}

/** @throws Error when the browser does not start. */
export async function startHeadlamp(options: HeadlampOptions): Promise<Headlamp> {
  const { clusters, baseUrl, isCacheEnabled, handlesSignals } = options;
  const browser = options.browser ?? (await launchChromium(handlesSignals));
  const closeBrowser = async () => void (options.browser || (await browser.close()));
  try {
    const host = await startHost({
      staticDir: await buildHost(),
      pluginDir: ROOT,
      clusters,
      baseUrl,
      isCacheEnabled,
      port: 0,
    });
    const tabs = freshTabs(browser, host.url);
    const urlOf = (path: string) =>
      host.url + (path.startsWith('/c/') ? path : `/c/${clusters[0]?.name}${path}`);
    return {
      url: host.url,
      cut: host.cut,
      release: tabs.release,
      async open(path, { theme = 'light', width = WIDE, locale, before } = {}) {
        const page = await tabs.open(locale);
        await page.setViewportSize({ width, height: HEIGHT });
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        await before?.(page);
        await page.goto(urlOf(path), { waitUntil: 'commit' });
        return page;
      },
      async close() {
        await closeBrowser();
        await host.close();
      },
    };
  } catch (error) {
    await closeBrowser();
    throw error;
  }
}
