import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHistory } from '../history/openHistory.ts';
import { exampleCopy } from '../testing/history/exampleCopy.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import type { PlaceFacts, ProofFacts, ProofPlan } from './proofLevel.ts';
import { proofLevel, proofPlan, proofPlansFor, unpackedOnce } from './proofLevel.ts';

const usual: ProofFacts = { asked: null, usual: 'checksum', contentsEvery: 3, before: [] };

describe('proofLevel', () => {
  it.each<[string, Partial<ProofFacts>, 'checksum' | 'contents']>([
    ['the first backup of a claim', {}, 'contents'],
    ['the one after', { before: ['contents'] }, 'checksum'],
    ['the third', { before: ['checksum', 'contents'] }, 'checksum'],
    ['the fourth', { before: ['checksum', 'checksum', 'contents'] }, 'contents'],
    ['one after backups of an older NKVM', { before: [null, null, null] }, 'contents'],
    ['one that asks for it', { asked: 'contents', before: ['contents'] }, 'contents'],
    ['any, where the setting says so', { usual: 'contents', before: ['contents'] }, 'contents'],
    ['any, where each one is unpacked', { contentsEvery: 1, before: ['contents'] }, 'contents'],
  ])('of %s', (_, facts, expected) => expect(proofLevel({ ...usual, ...facts })).toBe(expected));
});

const read: PlaceFacts['before'][number] = { level: 'checksum', readFrom: 'storage' };
const told: PlaceFacts['before'][number] = { level: 'checksum', readFrom: 'server' };
const far: PlaceFacts = { isNear: false, isFirstThere: false, before: [read, told] };

describe('proofPlan', () => {
  it.each<[string, Partial<ProofFacts>, Partial<PlaceFacts>, ProofPlan['by']]>([
    ['near', {}, { isNear: true }, 'reading'],
    ['far', {}, {}, 'server'],
    ['far, where unpacking was asked for', { asked: 'contents' }, {}, 'reading'],
    ['far, where each archive is unpacked', { usual: 'contents' }, {}, 'reading'],
    ['far, with the first archive', {}, { isFirstThere: true, before: [] }, 'reading'],
    ['far, with the first of a claim', {}, { before: [] }, 'server'],
    ['far, where none of the last was read', {}, { before: [told, null] }, 'reading'],
    [
      'far, where the one before the last of those was',
      {},
      { before: [told, told, read] },
      'reading',
    ],
  ])('of a destination that is %s', (_, facts, there, by) =>
    expect(proofPlan({ ...usual, ...facts }, { ...far, ...there }).by).toBe(by)
  );
});

it('unpacks one copy only: the others have the same digest', () => {
  const by = 'reading';
  expect(
    unpackedOnce([
      { by: 'server', level: 'contents' },
      { by, level: 'contents' },
      { by, level: 'contents' },
    ])
  ).toEqual([
    { by: 'server', level: 'checksum' },
    { by, level: 'contents' },
    { by, level: 'checksum' },
  ]);
});

it('looks in the history how the claim’s archives were proven, and whether the destination is new', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-proof-level-'));
  const history = await openHistory(join(dir, 'nkvm.db'));
  onTestFinished(async () => {
    await history.close();
    rmSync(dir, { recursive: true });
  });
  const copy = (level: 'checksum' | 'contents') =>
    exampleCopy({
      destination: 'd',
      key: 'k',
      provenAt: '2026-11-20T10:11:12.000Z',
      proof: { level, readFrom: 'storage' },
    });
  const run = exampleRun();
  await history.add([
    exampleRun({ id: '01', copies: [] }),
    exampleRun({ id: '02', copies: [copy('contents')] }),
    exampleRun({ id: '03', status: 'failed', copies: [] }),
    exampleRun({ id: '04', uid: 'another', copies: [copy('contents')] }),
    exampleRun({ id: '05', copies: [copy('checksum')] }),
  ]);
  const plansWith = (contentsEvery: number, isNear = false) =>
    proofPlansFor(
      run,
      [
        { id: 'd', isNear },
        { id: 'new', isNear },
      ],
      {
        history,
        usual: 'checksum',
        contentsEvery,
      }
    );
  expect(plansWith(9)).toEqual([
    { by: 'server', level: 'checksum' },
    { by: 'reading', level: 'checksum' },
  ]);
  expect(plansWith(3)).toEqual([
    { by: 'server', level: 'checksum' },
    { by: 'reading', level: 'checksum' },
  ]);
  const told = { ...copy('checksum'), proof: { level: 'size', readFrom: 'server' } as const };
  await history.add([
    exampleRun({ id: '06', status: 'failed', reason: 'Incomplete', copies: [told] }),
    exampleRun({ id: '07', status: 'failed', reason: 'Incomplete', copies: [told] }),
  ]);
  expect(plansWith(3)[0]).toMatchObject({ by: 'reading' });
  expect(plansWith(1, true)).toEqual([
    { by: 'reading', level: 'contents' },
    { by: 'reading', level: 'checksum' },
  ]);
});
