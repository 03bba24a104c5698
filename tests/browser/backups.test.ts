import { describe } from 'vitest';
import { backupsTests } from './pages/backups.ts';
import { outageTests } from './pages/outages.ts';
import { runTests } from './pages/run.ts';
import { unavailableTests } from './pages/unavailable.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('of a backup, a person', () => runTests(seen));
  describe('in the list of all backups, a person', () => backupsTests(seen));
  describe('while something is away, a page', () => outageTests(seen));
  describe('where a page has nothing to show of backups, a person', () => unavailableTests(seen));
});
