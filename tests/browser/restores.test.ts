import { describe } from 'vitest';
import { filesTests } from './pages/files.ts';
import { restoreTests } from './pages/restore.ts';
import { inBrowser } from './support/inBrowser.ts';

inBrowser(seen => {
  describe('who wants a volume back', () => restoreTests(seen));
  describe('of the files of a backup, a person', () => filesTests(seen));
});
