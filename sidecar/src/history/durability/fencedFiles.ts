import type { Fence } from '../../fence.ts';
import type { FileCalls } from './wholeFile.ts';

/** @returns calls that fail when another process may write now; nothing is opened or renamed then. */
export const fencedFiles = (files: FileCalls, fence: Fence): FileCalls => ({
  open: async (...words) => {
    fence.assertHeld();
    return await files.open(...words);
  },
  rename: async (...words) => {
    fence.assertHeld();
    await files.rename(...words);
  },
});
