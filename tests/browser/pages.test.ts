import { afterAll, beforeAll, describe } from 'vitest';
import { backupsTests } from './pages/backups.ts';
import { cacheTests } from './pages/cache.ts';
import { surroundingsTests } from './pages/clusters.ts';
import { filesTests } from './pages/files.ts';
import { identityTests } from './pages/identity.ts';
import { listTests } from './pages/list.ts';
import { outageTests } from './pages/outages.ts';
import { peopleTests } from './pages/people.ts';
import { restoreTests } from './pages/restore.ts';
import { runTests } from './pages/run.ts';
import { scaleTests } from './pages/scale.ts';
import { setupTests } from './pages/setup.ts';
import { unavailableTests } from './pages/unavailable.ts';
import { widthTests } from './pages/widths.ts';
import { findChromium } from './support/chromium.ts';
import type { SeenWorld } from './support/worlds.ts';
import { seeShop } from './support/worlds.ts';

const hasBrowser = findChromium() !== undefined;
if (!hasBrowser) console.warn('No Chromium on this machine: the tests of the pages are skipped.');

// One cluster, one sidecar and one browser for all of them: starting those takes longer than most of the tests.
describe.skipIf(!hasBrowser)('in a browser', { timeout: 120_000 }, () => {
  let world: SeenWorld;
  beforeAll(async () => void (world = await seeShop()), 180_000);
  afterAll(() => world?.stop());
  const seen = () => world;

  describe('in the list of volumes, a person', () => listTests(seen));
  describe('of a backup, a person', () => runTests(seen));
  describe('who wants a volume back', () => restoreTests(seen));
  describe('in the list of all backups, a person', () => backupsTests(seen));
  describe('of the files of a backup, a person', () => filesTests(seen));
  describe('which volume is meant', () => identityTests(seen));
  describe('with other surroundings, a page', () => surroundingsTests(seen));
  describe('of the people at a page, Headlamp', () => peopleTests(seen));
  describe('behind a server that keeps answers, a page', () => cacheTests(seen));
  describe('in windows of every width, the list', () => widthTests(seen));
  describe('while something is away, a page', () => outageTests(seen));
  describe('of thousands of volumes, a page', () => scaleTests(seen));
  describe('where there is no list of volumes, a person', () => setupTests(seen));
  describe('where a page has nothing to show of backups, a person', () => unavailableTests(seen));
});
