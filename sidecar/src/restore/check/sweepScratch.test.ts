import { expect, it } from 'vitest';
import type { ClaimObject } from '../../cluster/inventory/claims.ts';
import { RUN_LABEL } from '../../helper/names.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { scratchName } from './drillJob.ts';
import { scratchSweeper } from './sweepScratch.ts';

const scratch = (namespace: string, runId: string) =>
  testClaim({ namespace, name: scratchName(runId), uid: runId, labels: { [RUN_LABEL]: runId } });
const made = (runId: string): ClaimObject => ({
  uid: runId,
  labels: {},
  annotations: { 'nkvm.io/restoring': runId, 'nkvm.io/installation': 'i' },
  spec: {},
  status: {},
});

it('deletes the scratch claims that no drill owns, also after one that cannot be deleted', async () => {
  const removed: string[] = [];
  const warned: string[] = [];
  const sweep = scratchSweeper({
    inventory: {
      claims: () => [scratch('aaa', '01a'), scratch('mmm', '01b'), scratch('zzz', '01c')],
    },
    claims: {
      async remove({ namespace }) {
        if (namespace === 'aaa') throw new Error('the API server refuses');
        removed.push(namespace);
        return true;
      },
    },
    readClaim: async (_, name) => made(name.replace('nkvm-drill-', '')),
    installation: 'i',
    isUnderWay: id => id === '01b',
    log: {
      warn: (about, text) => warned.push(`${'namespace' in about && about.namespace}: ${text}`),
    },
  });
  await sweep();
  expect(removed).toEqual(['zzz']);
  expect(warned).toEqual([
    'aaa: a scratch claim that no drill owns could not be deleted: the API server refuses',
    'zzz: a scratch claim that no drill owns is being deleted',
  ]);
});
