import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backup } from '../../api/index.ts';
import type { History } from '../history/history.ts';
import { openHistory } from '../history/openHistory.ts';
import { exampleRun } from '../testing/history/exampleRun.ts';
import { entriesBefore } from './emptied.ts';

let dir: string;
let history: History;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nkvm-emptied-'));
  history = await openHistory(join(dir, 'nkvm.db'));
});
afterEach(async () => {
  await history.close();
  rmSync(dir, { recursive: true });
});

const held = (files: number): Partial<Backup> => ({ seal: { ...exampleRun().seal!, files } });
const refused: Partial<Backup> = { status: 'failed', reason: 'VolumeEmptied', seal: null };
const failed: Partial<Backup> = { status: 'failed', reason: 'StreamBroke', seal: null };
const otherClaim: Partial<Backup> = { uid: 'another', ...held(7) };

describe('entriesBefore', () => {
  it.each<[string, Partial<Backup>[], Partial<Backup>, number | undefined]>([
    ['the first backup of a claim', [], {}, undefined],
    ['a backup after one that held files', [held(7)], {}, 7],
    ['a backup after one that was empty, too', [held(7), held(1)], {}, undefined],
    ['a backup after one that failed for another reason', [held(7), failed], {}, 7],
    ['a claim that was made again', [otherClaim], {}, undefined],
    ['a request that is only repeated', [held(7), refused], {}, 7],
    ['a request that accepts an empty volume', [held(7)], { acceptEmpty: true }, undefined],
  ])('of %s', async (_, before, change, expected) => {
    const run = exampleRun({ ...change, status: 'running', seal: null });
    await history.add(
      [...before.map(exampleRun), run].map((each, at) => ({ ...each, id: `0${at}` }))
    );
    expect(entriesBefore(history, { ...run, id: `0${before.length}` })).toBe(expected);
  });
});
