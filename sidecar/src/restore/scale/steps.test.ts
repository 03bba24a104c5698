import { describe, expect, it } from 'vitest';
import { RESTORE_ANNOTATION } from '../../../api/index.ts';
import type { Workload } from '../../cluster/inventory/workloads.ts';
import { testWorkload } from '../../testing/cluster/testWorkload.ts';
import type { Intent } from './intent.ts';
import { intentIn, noteOf } from './intent.ts';
import { downStep, upStep } from './steps.ts';

const stopping = { run: 'r1', installation: 'i1', claim: 'orders-db', claimUid: 'uid-1' };
const note = (was: { replicas: number } | { suspend: boolean }, change = {}) => ({
  annotations: { [RESTORE_ANNOTATION]: noteOf({ ...stopping, was, ...change }) },
});
const stopped = { replicas: 0 };
const cronJob: Partial<Workload> = { kind: 'CronJob', replicas: undefined };
const strange = { annotations: { [RESTORE_ANNOTATION]: 'by hand' } };

describe('stopping', () => {
  /** @returns the step in short: what is recorded, and the count that is set. */
  const down = (workload: Partial<Workload>): string => {
    const step = downStep(testWorkload(workload), stopping, run => run === 'ended');
    if (step.kind === 'refused') return `refused: ${step.by?.run ?? 'not readable'}`;
    if (step.kind === 'stopped') return `stopped, recorded: ${JSON.stringify(step.was)}`;
    const { note, ...spec } = step.change;
    const intent = intentIn(note ?? undefined);
    return `${[...(intent?.after ?? []), intent?.run].join(' then ')} records ${JSON.stringify(
      intent?.was
    )}, sets ${JSON.stringify(spec)}`;
  };

  it.each<[string, Partial<Workload>, string]>([
    ['a running one', {}, 'r1 records {"replicas":2}, sets {"replicas":0}'],
    ['one that is stopped already', stopped, 'stopped, recorded: undefined'],
    [
      'again, after a crash: the recorded count stays',
      { ...stopped, ...note({ replicas: 3 }) },
      'stopped, recorded: {"replicas":3}',
    ],
    [
      'again, when somebody has started it since',
      { replicas: 5, ...note({ replicas: 3 }) },
      'r1 records {"replicas":5}, sets {"replicas":0}',
    ],
    [
      'after a run that ended and has not set it back',
      { ...stopped, ...note({ replicas: 3 }, { run: 'ended', after: ['r0'] }) },
      'r0 then ended then r1 records {"replicas":3}, sets {"replicas":0}',
    ],
    [
      'after such a run, when somebody has started it since',
      { replicas: 4, ...note({ replicas: 3 }, { run: 'ended' }) },
      'r1 records {"replicas":4}, sets {"replicas":0}',
    ],
    [
      'one of another restore',
      { ...stopped, ...note({ replicas: 3 }, { run: 'r0' }) },
      'refused: r0',
    ],
    [
      'one of another installation, also of a run of the same name',
      { ...stopped, ...note({ replicas: 3 }, { installation: 'i2' }) },
      'refused: r1',
    ],
    [
      'one of another installation whose run has ended',
      { ...stopped, ...note({ replicas: 3 }, { installation: 'i2', run: 'ended' }) },
      'refused: ended',
    ],
    ['one with a note that nobody can read', strange, 'refused: not readable'],
    ['a CronJob', cronJob, 'r1 records {"suspend":false}, sets {"suspend":true}'],
    [
      'a CronJob that is suspended already',
      { ...cronJob, isSuspended: true },
      'stopped, recorded: undefined',
    ],
  ])('%s', (_, workload, expected) => expect(down(workload)).toBe(expected));
});

describe('starting again', () => {
  /** @returns what is set, and what is said of a count that stays. */
  const up = (workload: Partial<Workload>): string => {
    const partHolder = ({ claim }: Intent) => (claim === 'half' ? 'r0' : undefined);
    const step = upStep(testWorkload(workload), stopping, partHolder);
    if (step.kind === 'nothing') return 'nothing';
    if (step.kind === 'held') return `held by ${step.by}, to be ${JSON.stringify(step.was)}`;
    const kept = step.kept ? `, kept ${JSON.stringify(step.kept)}` : '';
    return JSON.stringify(step.change) + kept;
  };

  it.each<[string, Partial<Workload>, string]>([
    [
      'sets the recorded count',
      { ...stopped, ...note({ replicas: 3 }) },
      '{"note":null,"replicas":3}',
    ],
    [
      'leaves one stopped whose claim holds a part of an archive',
      { ...stopped, ...note({ replicas: 3 }, { claim: 'half' }) },
      'held by r0, to be {"replicas":3}',
    ],
    [
      'lets somebody start it all the same',
      { replicas: 3, ...note({ replicas: 3 }, { claim: 'half' }) },
      '{"note":null}, kept {"replicas":3}',
    ],
    ['twice does nothing', { replicas: 3 }, 'nothing'],
    [
      'lets a later change of somebody else win',
      { replicas: 1, ...note({ replicas: 3 }) },
      '{"note":null}, kept {"replicas":1}',
    ],
    [
      'leaves another run alone',
      { ...stopped, ...note({ replicas: 3 }, { run: 'r2' }) },
      'nothing',
    ],
    [
      'leaves another installation alone',
      { ...stopped, ...note({ replicas: 3 }, { installation: 'i2' }) },
      'nothing',
    ],
    ['leaves a note alone that it cannot read', { ...stopped, ...strange }, 'nothing'],
    [
      'never scales a ReplicaSet to which a Deployment’s note was copied',
      {
        ...{ kind: 'ReplicaSet', ...stopped, ...note({ replicas: 3 }) },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'w', controller: true },
        ],
      },
      '{"note":null}',
    ],
    [
      'resumes a CronJob',
      { ...cronJob, isSuspended: true, ...note({ suspend: false }) },
      '{"note":null,"suspend":false}',
    ],
    [
      'leaves a CronJob that was resumed',
      { ...cronJob, ...note({ suspend: false }) },
      '{"note":null}, kept {"suspend":false}',
    ],
  ])('%s', (_, workload, expected) => expect(up(workload)).toBe(expected));
});

it.each([
  undefined,
  'text',
  '{}',
  'null',
  '{"run":"r","installation":"i"}',
  '{"run":"r","installation":"i","replicas":-1}',
  '{"run":"","installation":"i","replicas":1}',
])('reads nothing from the note %s', text => expect(intentIn(text)).toBeUndefined());

it('reads a note of a later version that says more', () => {
  const text = '{"run":"r","installation":"i","replicas":0,"more":1}';
  expect(intentIn(text)).toMatchObject({ run: 'r', was: { replicas: 0 } });
});
