import type { Backup } from '../../../api/index.ts';

type Copy = Backup['copies'][number];

/** @returns a copy that is present at the destination `memory`, and was not proven. */
export const exampleCopy = (change: Pick<Copy, 'key'> & Partial<Copy>): Copy => ({
  destination: 'memory',
  state: 'present',
  bytes: 1,
  sha256: 'ab'.repeat(32),
  provenAt: null,
  proof: null,
  verifiedAt: null,
  isRequired: true,
  problem: null,
  retryAt: null,
  encrypted: false,
  stored: null,
  ...change,
});
