import { afterAll, beforeAll, describe } from 'vitest';
import { findChromium } from './chromium.ts';
import type { Seen, SeenWorld } from './worlds.ts';
import { seeShop } from './worlds.ts';

const hasBrowser = findChromium() !== undefined;

/**
 * Tests of pages that share one cluster, one sidecar and one browser: starting those takes longer than most of the tests.
 * Later tests see what an earlier one did to a volume. Without a browser, all are reported as skipped.
 */
export function inBrowser(tests: (world: Seen) => void): void {
  if (!hasBrowser) console.warn('No Chromium on this machine: the tests of the pages are skipped.');
  describe.skipIf(!hasBrowser)('in a browser', { timeout: 120_000 }, () => {
    let world: SeenWorld;
    beforeAll(async () => void (world = await seeShop()), 180_000);
    afterAll(() => world?.stop());
    tests(() => world);
  });
}
