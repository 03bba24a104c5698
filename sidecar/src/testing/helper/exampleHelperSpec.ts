import type { HelperSpec } from '../../helper/manifest.ts';
import { exampleHelperSettings } from './exampleHelperSettings.ts';

/** A helper pod that reads claim orders-db for the first attempt of run 01a. */
export const exampleHelperSpec: HelperSpec = {
  runId: '01a',
  attempt: 1,
  installation: 'i',
  claimName: 'orders-db',
  access: 'read',
  settings: exampleHelperSettings,
  node: null,
  deadlineMs: 1000,
};
