import { expect, it } from 'vitest';
import type { StageTimes } from '../../../api/index.ts';
import { packStages, unpackStages } from './stageColumn.ts';

const createdAt = '2026-11-20T10:11:12.345Z';
const stages: StageTimes[] = [
  { stage: 'create', startedAt: '2026-11-20T10:11:12.345Z', endedAt: '2026-11-20T10:11:13.000Z' },
  { stage: 'copy', startedAt: '2026-11-21T10:11:13.000Z', endedAt: null },
];

it('gives back the times that it took', () => {
  expect(unpackStages(JSON.parse(packStages(stages, createdAt)), createdAt)).toEqual(stages);
  expect(unpackStages(JSON.parse(packStages([], createdAt)), createdAt)).toEqual([]);
});

it('keeps a stage that began before its run was created, as after a step of the clock', () => {
  const early = [{ stage: 'wait' as const, startedAt: '2026-11-20T09:00:00.000Z', endedAt: null }];
  expect(unpackStages(JSON.parse(packStages(early, createdAt)), createdAt)).toEqual(early);
});

it('leaves out what only a later version knows', () => {
  const later = [['upload', 0, 1], ['copy', 1, null, 'more'], 'text', ['create', 2, 3]];
  expect(unpackStages(later, createdAt).map(({ stage }) => stage)).toEqual(['create']);
  expect(unpackStages({}, createdAt)).toEqual([]);
});

it('is short', () => {
  expect(packStages(stages, createdAt)).toBe('[["create",0,655],["copy",86400655,null]]');
});
