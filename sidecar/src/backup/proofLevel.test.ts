import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHistory } from '../history/openHistory.ts';
import { exampleRun } from '../testing/exampleRun.ts';
import type { ProofFacts } from './proofLevel.ts';
import { proofLevel, proofsBefore } from './proofLevel.ts';

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

it('reads from the history how the claim’s archives were proven, newest first', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-proof-level-'));
  const history = await openHistory(join(dir, 'nkvm.db'));
  onTestFinished(async () => {
    await history.close();
    rmSync(dir, { recursive: true });
  });
  const copy = (level: 'checksum' | 'contents') => ({
    destination: 'd',
    key: 'k',
    state: 'present' as const,
    bytes: 1,
    sha256: 'ab'.repeat(32),
    provenAt: null,
    proof: { level, readFrom: 'storage' as const },
    verifiedAt: null,
    isRequired: true,
    problem: null,
    retryAt: null,
    encrypted: false,
    stored: null,
  });
  const run = exampleRun();
  await history.add([
    exampleRun({ id: '01', copies: [] }),
    exampleRun({ id: '02', copies: [copy('contents')] }),
    exampleRun({ id: '03', status: 'failed', copies: [] }),
    exampleRun({ id: '04', uid: 'another', copies: [copy('contents')] }),
    exampleRun({ id: '05', copies: [copy('checksum')] }),
  ]);
  expect(proofsBefore(history, run, 9)).toEqual(['checksum', 'contents', null]);
});
