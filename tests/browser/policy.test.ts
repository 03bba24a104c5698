import { describe } from 'vitest';
import { comesBackTests } from './pages/comesBack.ts';
import { policyTests } from './pages/policy.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('of schedules, retention and pending restores, a person', () => policyTests(seen));
  describe('of automatic restores, a person', () => comesBackTests(seen));
});
