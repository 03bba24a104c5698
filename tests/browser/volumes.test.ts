import { describe } from 'vitest';
import { accessTests } from './pages/access.ts';
import { cacheTests } from './pages/cache.ts';
import { surroundingsTests } from './pages/clusters.ts';
import { identityTests } from './pages/identity.ts';
import { listTests } from './pages/list.ts';
import { peopleTests } from './pages/people.ts';
import { scaleTests } from './pages/scale.ts';
import { setupTests } from './pages/setup.ts';
import { widthTests } from './pages/widths.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('in the list of volumes, a person', () => listTests(seen));
  describe('which volume is meant', () => identityTests(seen));
  describe('with other surroundings, a page', () => surroundingsTests(seen));
  describe('of the people at a page, Headlamp', () => peopleTests(seen));
  describe('on the page of who can do what, a person', () => accessTests(seen));
  describe('behind a server that keeps answers, a page', () => cacheTests(seen));
  describe('in windows of every width, the list', () => widthTests(seen));
  describe('of thousands of volumes, a page', () => scaleTests(seen));
  describe('where there is no list of volumes, a person', () => setupTests(seen));
});
