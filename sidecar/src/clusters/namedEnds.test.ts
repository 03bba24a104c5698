import { expect, it } from 'vitest';
import type { JobEnd, JobKind } from '../jobs/job.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import { withNamedEnds } from './namedEnds.ts';

const broke: JobEnd = {
  ...{ status: 'failed', reason: 'StreamBroke', message: 'the stream broke' },
  ...{ failureClass: 'unknown', excuse: 'destination nas is unavailable' },
};

const ended = async (end: JobEnd, isAway: boolean): Promise<JobEnd> => {
  const kind: JobKind = { access: 'read', nodeOf: () => null, work: async () => end };
  const { backup } = withNamedEnds({ backup: kind }, 'edge', () => isAway);
  if (!backup) throw new Error('the kind is missing');
  return await backup.work(exampleRun({}), () => undefined, new AbortController().signal);
};

it('names the cluster of a run that failed, and keeps the rest', async () => {
  expect(await ended(broke, false)).toEqual({
    ...broke,
    message: 'in cluster edge: the stream broke',
  });
});

it('says of a run that failed while the cluster did not answer that this is the reason', async () => {
  expect(await ended({ ...broke, failureClass: 'needs-action' }, true)).toMatchObject({
    ...{ status: 'failed', reason: 'ClusterUnreachable', failureClass: 'transient' },
    message: 'cluster edge does not answer: the stream broke',
  });
});

it('leaves a success as it is', async () => {
  const success: JobEnd = { status: 'success', message: 'backed up' };
  expect(await ended(success, true)).toBe(success);
});
