import { describe } from 'vitest';
import { otherClustersTests } from './pages/otherClusters.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('of the clusters that NKVM looks after, a person', () => otherClustersTests(seen));
});
