import { describe, expect, it } from 'vitest';
import type { Pod } from '../store/object.ts';
import { type ContainerRecord, phaseOf, type PodFacts, podStatus } from './podStatus.ts';

const container = (state: ContainerRecord['state'], more: Partial<ContainerRecord> = {}) => ({
  name: 'main',
  image: 'a',
  restartCount: 0,
  state,
  ...more,
});
const waiting = container({ waiting: { reason: 'ContainerCreating' } });
const running = container({ running: { startedAt: 'then' } });
const ended = (exitCode: number) => container({ terminated: { exitCode } });
const looping = container({ waiting: {} }, { lastTerminated: { exitCode: 1 } });

const facts = (containers: ContainerRecord[], more: Partial<PodFacts> = {}): PodFacts => ({
  hostIP: '10.0.0.1',
  podIP: '127.0.0.1',
  startedAt: 'then',
  now: 'now',
  hasSandbox: true,
  initContainers: [],
  containers,
  isStopped: false,
  ...more,
});
const pod = (restartPolicy: string, conditions: object[] = []): Pod =>
  ({
    metadata: { name: 'a', generation: 1 },
    spec: { restartPolicy },
    status: { conditions },
  } as unknown as Pod);

describe('the phase of a pod', () => {
  it.each<[string, string, PodFacts, string]>([
    ['Never', 'waits', facts([waiting]), 'Pending'],
    ['Never', 'runs', facts([running]), 'Running'],
    ['Never', 'ended well', facts([ended(0)]), 'Succeeded'],
    ['Never', 'ended badly', facts([ended(3)]), 'Failed'],
    ['Never', 'has one that runs and one that ended badly', facts([running, ended(3)]), 'Running'],
    [
      'Never',
      'has a failed init container',
      facts([waiting], { initContainers: [ended(1)] }),
      'Failed',
    ],
    ['OnFailure', 'ended well', facts([ended(0)]), 'Succeeded'],
    ['OnFailure', 'ended badly', facts([ended(3)]), 'Running'],
    ['Always', 'ended well', facts([ended(0)]), 'Running'],
    ['Always', 'waits for another try', facts([looping]), 'Running'],
    ['Always', 'was stopped and still runs', facts([running], { isStopped: true }), 'Running'],
    ['Always', 'was stopped and ended well', facts([ended(0)], { isStopped: true }), 'Succeeded'],
    ['Always', 'was stopped and killed', facts([ended(137)], { isStopped: true }), 'Failed'],
    [
      'Never',
      'reached its deadline and ended well',
      facts([ended(0)], { isStopped: true, failure: { reason: 'DeadlineExceeded', message: '' } }),
      'Failed',
    ],
  ])('%s: %s', (policy, _, given, phase) => expect(phaseOf(pod(policy), given)).toBe(phase));
});

describe('the conditions of a pod', () => {
  it('keep their times while they stay', () => {
    const before = [{ type: 'Ready', status: 'False', lastTransitionTime: 'before' }];
    const ready = (given: PodFacts) =>
      podStatus(pod('Always', before), given).conditions?.find(({ type }) => type === 'Ready');
    expect(ready(facts([waiting]))?.lastTransitionTime).toBe('before');
    expect(ready(facts([running]))?.lastTransitionTime).toBe('now');
  });
});
