import { expect, it } from 'vitest';
import type { Backup, RunStage } from '../../../sidecar/api';
import { aBackup } from '../../testing/samples';
import { stageStates } from './stageStates';

const AT = '2026-11-20T10:00:00.000Z';

/** A run that went through `names`; one with `…` has not ended. */
const run = (status: Backup['status'], stage: Backup['stage'], ...names: string[]) =>
  aBackup({
    status,
    stage,
    stages: names.map(name => ({
      stage: name.replace('…', '') as RunStage,
      startedAt: AT,
      endedAt: name.endsWith('…') ? null : AT,
    })),
  });

it.each<[string, Backup, string]>([
  [
    'are done after a success',
    run('success', 'cleanup', 'create', 'copy', 'checksum', 'cleanup'),
    'done done done done',
  ],
  ['go on in a run under way', run('running', 'copy', 'create', 'copy…'), 'done running'],
  [
    'after the one that failed are not done, but for the cleanup',
    run('failed', 'copy', 'create', 'copy', 'checksum', 'cleanup'),
    'done failed abandoned done',
  ],
  [
    'after the one that was cancelled are not done either',
    run('cancelled', 'copy', 'create', 'copy', 'checksum', 'cleanup'),
    'done cancelled abandoned done',
  ],
  [
    'name the last one before the cleanup in a run that was cancelled during it',
    run('cancelled', 'cleanup', 'create', 'copy', 'cleanup'),
    'done cancelled done',
  ],
  [
    'name the cleanup where that failed',
    run('failed', 'cleanup', 'create', 'copy', 'cleanup'),
    'done done failed',
  ],
  [
    'name the last one where the run names another that was not recorded',
    run('failed', 'publish', 'create', 'copy', 'cleanup…'),
    'done failed abandoned',
  ],
  [
    'name the one that failed in a run that was cancelled while it waited for its next attempt',
    {
      ...run('cancelled', 'copy', 'create', 'copy', 'cleanup'),
      failureClass: 'transient',
    },
    'done failed done',
  ],
  ['are none in a run that never began', run('cancelled', null), ''],
])('the stages %s', (_, backup, expected) => {
  expect(stageStates(backup).join(' ')).toBe(expected);
});
