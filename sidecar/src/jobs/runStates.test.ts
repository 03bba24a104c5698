import { describe, expect, it } from 'vitest';
import { RUN_STAGES, STATUSES } from '../../api/index.ts';
import { sameLimits } from '../helper/wait/waitLimits.ts';
import type { RunState } from './runStates.ts';
import { checkStep, NEXT_STATES, stageLimits } from './runStates.ts';

const states = Object.keys(NEXT_STATES) as RunState[];

describe('the states of a run', () => {
  it('are the statuses, and the stages of the one that runs', () => {
    expect(states.sort()).toEqual(
      [...STATUSES.filter(status => status !== 'running'), ...RUN_STAGES].sort()
    );
  });

  it('lead from the queue to every other one', () => {
    const reached = new Set<RunState>(['queued']);
    for (const state of reached) NEXT_STATES[state].forEach(next => reached.add(next));
    expect([...reached].sort()).toEqual(states.sort());
  });

  it('clean up before a run ends that has begun', () => {
    for (const stage of RUN_STAGES) {
      if (stage === 'cleanup') continue;
      expect(NEXT_STATES[stage]).toContain('cleanup');
      expect(NEXT_STATES[stage]).not.toContain('success');
      expect(NEXT_STATES[stage]).not.toContain('failed');
    }
  });

  it('know one way to success alone', () => {
    const ways = states.filter(state => NEXT_STATES[state].includes('success'));
    expect(ways).toEqual(['cleanup']);
    expect(() => checkStep('copy', 'publish')).toThrow('a run cannot go from copy to publish');
    expect(() => checkStep('checksum', 'publish')).not.toThrow();
  });
});

it('gives a stage no longer than the run, but for its own margin', () => {
  const limits = stageLimits({ waitLimits: sameLimits(120_000), runTimeoutMs: 3_600_000 });
  expect(limits).toMatchObject({ wait: 510_000, publish: 3_600_000, exec: 900_000, copy: 900_000 });
  const patient = { waitLimits: sameLimits(120_000), runTimeoutMs: 3_600_000, stallMs: 5_000_000 };
  expect(stageLimits(patient)).toMatchObject({ exec: 5_000_000, copy: 5_000_000 });
});
