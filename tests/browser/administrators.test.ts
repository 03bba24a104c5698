import { describe } from 'vitest';
import { auditTests } from './pages/audit.ts';
import { doctorTests } from './pages/doctor.ts';
import { otherClustersTests } from './pages/otherClusters.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('of the installation, an administrator', () => doctorTests(seen));
  describe('of the audit log, an administrator', () => auditTests(seen));
  describe('of the clusters that NKVM backs up, a person', () => otherClustersTests(seen));
});
