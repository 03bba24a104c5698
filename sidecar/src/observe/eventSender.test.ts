import { beforeEach, describe, expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import type { ClaimEvent, Sent } from '../cluster/writes/events.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import type { Outcome } from './eventSender.ts';
import { eventSender } from './eventSender.ts';

let answer: (event: ClaimEvent) => Sent;
let sent: ClaimEvent[];
let warned: { fields: object; message: string }[];
let outcomes: Outcome[];

beforeEach(() => {
  answer = () => ({ outcome: 'sent' });
  [sent, warned, outcomes] = [[], [], []];
});

const sender = (burst = 100) =>
  eventSender({
    send: async event => {
      sent.push(event);
      return answer(event);
    },
    now: () => 0,
    log: { warn: (fields, message) => void warned.push({ fields, message }) },
    onOutcome: outcome => outcomes.push(outcome),
    rates: { each: { burst, everyMs: 1000 }, all: { burst: 100, everyMs: 1000 } },
  });

async function end(to: ReturnType<typeof sender>, ...runs: Partial<Backup>[]): Promise<void> {
  runs.forEach(run => to.ended(exampleRun(run)));
  await to.settled();
}

describe('Events on claims', () => {
  it('are sent for each run that has ended', async () => {
    await end(sender(), { name: 'a' }, { name: 'b', status: 'failed' });
    expect(sent.map(({ reason, claim }) => [claim.name, reason])).toEqual([
      ['a', 'BackupSucceeded'],
      ['b', 'BackupFailed'],
    ]);
    expect(outcomes).toEqual(['sent', 'sent']);
  });

  it('tell that a run made way for a pod, and which one', async () => {
    const to = sender();
    const retryAt = '2026-11-21T10:00:30.000Z';
    const stages = [
      { stage: 'copy' as const, startedAt: 's', endedAt: '2026-11-21T10:00:00.000Z' },
    ];
    const run = exampleRun({ id: '01a', status: 'queued', endedAt: null, retryAt, stages });
    to.wanted(run, 'orders-0');
    await to.settled();
    expect(sent).toMatchObject([
      {
        ...{ type: 'Normal', reason: 'VolumeWanted', action: 'Backup', at: stages[0]?.endedAt },
        name: expect.stringMatching(/^nkvm-backup-01a-wanted-[0-9a-z]+$/),
        message: `Backup stopped reading the volume, because pod orders-0 needs it to start; NKVM tries again at ${retryAt} (run 01a)`,
      },
    ]);
  });

  it('are dropped where one claim has too many, counted and logged with the run', async () => {
    await end(sender(1), { uid: 'a' }, { id: '02b', uid: 'a' }, { uid: 'b' });
    expect(sent).toHaveLength(2);
    expect(outcomes.sort()).toEqual(['dropped', 'sent', 'sent']);
    expect(warned).toEqual([
      {
        fields: { run: '02b', namespace: 'shop', pvc: 'orders-db' },
        message: expect.stringContaining('too many'),
      },
    ]);
  });

  it('without the right are logged once a namespace, and again when the right was there meanwhile', async () => {
    const to = sender();
    answer = () => ({ outcome: 'forbidden', message: 'events is forbidden' });
    for (const namespace of ['a', 'b', 'a', 'a']) await end(to, { namespace });
    expect(warned.map(({ message }) => /namespace (\w)/.exec(message)?.[1])).toEqual(['a', 'b']);
    answer = () => ({ outcome: 'sent' });
    await end(to, { namespace: 'a' });
    answer = () => ({ outcome: 'forbidden', message: 'events is forbidden' });
    await end(to, { namespace: 'a' });
    expect(warned).toHaveLength(3);
  });

  it('that the API server did not take are logged, each with its words', async () => {
    answer = () => ({ outcome: 'failed', message: 'the API server is full' });
    await end(sender(), {}, {});
    expect(warned.map(({ message }) => message)).toEqual(
      Array(2).fill('no Event on the claim: the API server is full')
    );
    expect(outcomes).toEqual(['failed', 'failed']);
  });
});
