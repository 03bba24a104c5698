import { describe, expect, it } from 'vitest';
import { apiAnswer } from '../../testing/cluster/apiAnswer.ts';
import { failureOfTime } from './apiFailure.ts';
import type { Call, Gateway } from './gateway.ts';
import type { Pod } from './pods.ts';
import { podsOf } from './pods.ts';

/** A gateway whose answers come from `answer`; it keeps the calls. */
function answering(answer: (call: Call) => unknown) {
  const calls: Call[] = [];
  const gateway: Pick<Gateway, 'json'> = {
    json: async <T>(call: Call) => {
      calls.push(call);
      return (await answer(call)) as T;
    },
  };
  return { calls, pods: podsOf(gateway, () => 'call-1') };
}

const pod: Pod = { metadata: { name: 'nkvm-backup-1-1', labels: { run: '1' } } };
const exists = apiAnswer(409, 'pods "nkvm-backup-1-1" already exists', 'AlreadyExists');
/** The pod as it is there, made by the call `id`. */
const made = (id: string) => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { 'nkvm.io/created-by-call': id } },
});

describe('a pod', () => {
  it('is ours when the answer to its creation was lost and the next try finds it', async () => {
    const { pods, calls } = answering(({ method }) => {
      if (method === 'POST') throw exists;
      return made('call-1');
    });
    expect(await pods.create('shop', pod)).toEqual(made('call-1'));
    expect(calls[0]).toMatchObject({ repeat: 'always', body: made('call-1') });
    expect(pod.metadata?.annotations).toBeUndefined();
  });

  it('of the same name that another call has made is not ours', async () => {
    const { pods } = answering(({ method }) => {
      if (method === 'POST') throw exists;
      return made('call-0');
    });
    await expect(pods.create('shop', pod)).rejects.toBe(exists);
  });

  it('of the same name that has gone meanwhile is not ours', async () => {
    const { pods } = answering(({ method }) => {
      throw method === 'POST' ? exists : apiAnswer(404, 'not found', 'NotFound');
    });
    await expect(pods.create('shop', pod)).rejects.toBe(exists);
  });

  it('may be there when nothing has answered', async () => {
    const { pods } = answering(() => {
      throw failureOfTime('POST', 10_000);
    });
    await expect(pods.create('shop', pod)).rejects.toMatchObject({ mayBeDone: true });
  });

  it('is not there only when the API server says so', async () => {
    const gone = answering(() => {
      throw apiAnswer(404, 'pods "x" not found', 'NotFound');
    });
    expect(await gone.pods.get('shop', 'x')).toBeUndefined();
    const lost = answering(() => {
      throw apiAnswer(503, 'down');
    });
    await expect(lost.pods.get('shop', 'x')).rejects.toMatchObject({ status: 503 });
  });

  it('is deleted under its UID, so that the next one of its name stays', async () => {
    const { pods, calls } = answering(() => {
      throw apiAnswer(
        409,
        'Precondition failed: UID in precondition: a, UID in object meta: b',
        'Conflict'
      );
    });
    await pods.remove('shop', 'x', { uid: 'a' });
    expect(calls[0]).toMatchObject({
      method: 'DELETE',
      body: { preconditions: { uid: 'a' } },
      repeat: 'always',
    });
    await expect(pods.remove('shop', 'x')).rejects.toMatchObject({ kind: 'conflict' });
  });

  it('that is not there needs no deletion', async () => {
    const { pods } = answering(() => {
      throw apiAnswer(404, 'not found', 'NotFound');
    });
    await pods.remove('shop', 'x');
  });

  it('is found by its labels, page by page', async () => {
    const { pods, calls } = answering(({ query }) =>
      query?.continue
        ? { metadata: {}, items: [pod] }
        : { metadata: { continue: 'next' }, items: [pod, pod] }
    );
    expect(await pods.withLabels({ a: '1', b: '2' })).toHaveLength(3);
    expect(calls.map(({ query }) => query)).toEqual([
      { labelSelector: 'a=1,b=2', limit: '250' },
      { labelSelector: 'a=1,b=2', limit: '250', continue: 'next' },
    ]);
  });

  it('has its events in their order, whichever time they carry', async () => {
    const { pods } = answering(() => ({
      items: [
        { reason: 'c', eventTime: '2026-11-20T10:00:02.000000Z', metadata: {} },
        { reason: 'b', lastTimestamp: '2026-11-20T10:00:01Z', metadata: {} },
        { reason: 'a', metadata: { creationTimestamp: '2026-11-20T10:00:00Z' } },
      ],
    }));
    expect((await pods.eventsOf(pod)).map(({ reason }) => reason)).toEqual(['a', 'b', 'c']);
  });
});
