import { describe } from 'vitest';
import { auditTests } from './pages/audit.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('of the audit log, an administrator', () => auditTests(seen));
});
