import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { apiAnswer } from '../testing/apiAnswer.ts';
import { processCluster } from '../testing/processCluster.ts';
import type { HelperCluster } from './helper.ts';
import { createHelper } from './helper.ts';

describe('a helper pod', () => {
  it('says why no command can be started', async () => {
    const cluster = processCluster(tmpdir());
    onTestFinished(() => cluster.stop());
    const refused: HelperCluster = {
      ...cluster,
      exec: () => Promise.reject(apiAnswer(403, 'pods/exec is forbidden')),
    };
    const helper = await createHelper(refused, 'shop', {
      runId: '01a',
      installation: 'i',
      claimName: 'orders-db',
      image: 'x',
      memoryLimit: '1Mi',
      node: null,
      deadlineMs: 1000,
    });
    await expect(helper.pack('checksum')).rejects.toMatchObject({
      stage: 'exec',
      reason: 'ExecRefused',
      message: 'pods/exec is forbidden',
      hint: expect.stringContaining('-n shop'),
    });
  });
});
