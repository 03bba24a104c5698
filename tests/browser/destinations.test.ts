import { describe } from 'vitest';
import { destinationTests } from './pages/destinations.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('of the places where archives are stored, a person', () => destinationTests(seen));
});
