import { ApiException } from '@kubernetes/client-node';
import { tmpdir } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processCluster } from '../testing/processCluster.ts';
import type { HelperCluster } from './helper.ts';
import { createHelper, refusalOf } from './helper.ts';

const answered = (code: number, message: string) =>
  new ApiException(code, '', JSON.stringify({ message }), {});

describe('a helper pod that is not created', () => {
  it.each<[string, Error, string, RegExp]>([
    ['a right is missing', answered(403, 'pods is forbidden'), 'NamespaceNotOpen', /rolebinding/],
    ['Pod Security refuses it', answered(403, 'violates PodSecurity'), 'PodSecurity', /baseline/],
    ['a quota is used up', answered(403, 'exceeded quota: q'), 'QuotaExceeded', /raise the quota/],
    ['the namespace is gone', answered(404, 'not found'), 'NamespaceGone', /nothing to do/],
    ['a webhook refuses it', answered(400, 'denied by w'), 'HelperRefused', /admission webhook/],
    ['nobody answers', new Error('connect ECONNREFUSED'), 'ApiUnreachable', /can be reached/],
  ])('because %s', (_, error, reason, hint) => {
    expect(refusalOf('shop', error)).toMatchObject({
      stage: 'create',
      reason,
      message: expect.stringMatching(/shop|the API server/),
      hint: expect.stringMatching(hint),
    });
  });
});

describe('a helper pod', () => {
  it('says why no command can be started', async () => {
    const cluster = processCluster(tmpdir());
    onTestFinished(() => cluster.stop());
    const refused: HelperCluster = {
      ...cluster,
      exec: () => Promise.reject(answered(403, 'pods/exec is forbidden')),
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
