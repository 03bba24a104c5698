import { describe } from 'vitest';
import { policyTests } from './pages/policy.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('of schedules, retention and pending restores, a person', () => policyTests(seen));
});
