import { describe, expect, it } from 'vitest';
import { RUN_KINDS } from '../../api/index.ts';
import type { RunRecord } from '../history/history.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import { runEnds } from './runEnds.ts';

/** @returns who is told of the end of a run. */
function toldOf(run: RunRecord | undefined): string[] {
  const told: string[] = [];
  runEnds({
    history: { get: () => run },
    metrics: { ended: ({ kind }) => told.push(`metric ${kind}`) },
    events: { ended: ({ kind }) => told.push(`event ${kind}`) },
    audit: { ended: ({ kind }) => told.push(`entry ${kind}`) },
  })({ id: 'a' });
  return told;
}

describe('the end of a run', () => {
  it.each(RUN_KINDS)('of kind %s is counted, told to its claim, and recorded', kind => {
    expect(toldOf({ ...exampleRun(), kind, details: null })).toEqual([
      `metric ${kind}`,
      `event ${kind}`,
      `entry ${kind}`,
    ]);
  });

  it('is told of no run that goes on, or is not known', () => {
    expect(toldOf({ ...exampleRun(), endedAt: null, details: null })).toEqual([]);
    expect(toldOf(undefined)).toEqual([]);
  });
});
