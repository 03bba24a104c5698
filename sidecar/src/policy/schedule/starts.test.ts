import { describe, expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import type { Asked, Target } from '../../jobs/job.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import { newPath, openFor } from '../../testing/history/testDisk.ts';
import { startDrills } from './starts.ts';

const claim = testClaim();
const { namespace, name, uid } = claim;
const refusal = new StageError(
  'queue',
  'RestoresNotAllowed',
  'restores are not allowed there',
  'allow them',
  'needs-action'
);

async function world(isAllowed = true, because = refusal) {
  const history = await openFor(newPath());
  const asked: { target: Target; request: Asked }[] = [];
  const start = startDrills({
    history,
    queue: {
      add: async ([target], request) => {
        if (target) asked.push({ target, request });
        return [];
      },
    },
    drills: {
      admit: async () => {
        if (!isAllowed) throw because;
        return undefined as never;
      },
    },
    signal: new AbortController().signal,
  });
  return { history, asked, start };
}

describe('a scheduled drill', () => {
  it('restores the newest good backup of the claim, with the priority of scheduled runs', async () => {
    const { history, asked, start } = await world();
    await history.add([
      exampleRun({ id: 'a', namespace, name, uid, createdAt: '2026-11-01T10:00:00.000Z' }),
      exampleRun({ id: 'b', namespace, name, uid, createdAt: '2026-11-02T10:00:00.000Z' }),
      exampleRun({
        ...{ id: 'c', namespace, name, uid, createdAt: '2026-11-03T10:00:00.000Z' },
        ...{ status: 'failed', copies: [] },
      }),
    ]);
    expect(await start([claim])).toEqual([]);
    expect(asked).toMatchObject([
      {
        target: { namespace, name, uid, place: { namespaceUid: exampleRun().namespaceUid } },
        request: {
          ...{ kind: 'drill', priority: 'scheduled', requestedBy: 'schedule' },
          details: { kind: 'drill', backup: 'b' },
        },
      },
    ]);
  });

  it('is refused where there is no good backup (NothingToDrill)', async () => {
    const { asked, start } = await world();
    const [refused] = await start([claim]);
    expect(refused).toMatchObject({ claim, error: { reason: 'NothingToDrill' } });
    expect(asked).toEqual([]);
  });

  it('is refused where restores are not allowed, and the drills of other claims go on', async () => {
    const { history, asked, start } = await world(false);
    await history.add([exampleRun({ id: 'a', namespace, name, uid })]);
    const refused = await start([claim, testClaim({ name: 'other', uid: 'uid-2' })]);
    expect(refused.map(({ error }) => error.reason)).toEqual([
      'RestoresNotAllowed',
      'NothingToDrill',
    ]);
    expect(asked).toEqual([]);
  });

  it('is refused where helper pods may not run as root, with the ways out of a drill', async () => {
    const noRoot = new StageError('queue', 'PodSecurity', 'no', 'of a restore', 'needs-action');
    const { history, asked, start } = await world(false, noRoot);
    await history.add([exampleRun({ id: 'a', namespace, name, uid })]);
    const [refused] = await start([claim]);
    expect(refused?.error).toMatchObject({
      reason: 'PodSecurity',
      message: expect.stringContaining(`no drill can be made in namespace ${namespace}`),
      hint: expect.stringContaining('verify the backup'),
    });
    expect(asked).toEqual([]);
  });
});
