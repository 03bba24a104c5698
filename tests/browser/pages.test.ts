import { afterAll, beforeAll, describe } from 'vitest';
import { listTests } from './pages/list.ts';
import { runTests } from './pages/run.ts';
import { setupTests } from './pages/setup.ts';
import { unavailableTests } from './pages/unavailable.ts';
import { findChromium } from './support/chromium.ts';
import type { SeenWorld } from './support/worlds.ts';
import { seeShop } from './support/worlds.ts';

const hasBrowser = findChromium() !== undefined;
if (!hasBrowser) console.warn('No Chromium on this machine: the tests of the pages are skipped.');

// One cluster, one sidecar and one browser for all of them: starting those takes longer than most of the tests.
describe.skipIf(!hasBrowser)('in a browser', { timeout: 60_000 }, () => {
  let world: SeenWorld;
  beforeAll(async () => void (world = await seeShop()), 180_000);
  afterAll(() => world?.stop());
  const seen = () => world;

  describe('in the list of volumes, a person', () => listTests(seen));
  describe('of a backup, a person', () => runTests(seen));
  describe('where there is no list of volumes, a person', () => setupTests(seen));
  describe('where a page has nothing to show of backups, a person', () => unavailableTests(seen));
});
