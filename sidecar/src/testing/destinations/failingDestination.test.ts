import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { keysOf } from '../../destinations/destination.ts';
import { StageError } from '../../errors.ts';
import type { Step } from './failingDestination.ts';
import { failing } from './failingDestination.ts';
import { memoryDestination, memoryStorage } from './memoryDestination.ts';

const bodyOf = (contents: string) => Readable.from([Buffer.from(contents)]);

it.each<[Step, string]>([
  ['put', 'publish'],
  ['stat', 'checksum'],
  ['open', 'checksum'],
  ['remove', 'cleanup'],
  ['sweep', 'cleanup'],
  ['freeBytes', 'copy'],
])('fails %s with stage %s, and nothing else', async (step, stage) => {
  const to = failing(memoryDestination(), step);
  const call = to[step as 'open'];
  await expect(call('key')).rejects.toMatchObject({ name: 'StageError', stage });
  await (await to.stage('archive', bodyOf('x'))).publish();
});

it('fails to list at the first page', async () => {
  const to = failing(memoryDestination(), 'list');
  await expect(keysOf(to)).rejects.toMatchObject({ name: 'StageError', stage: 'checksum' });
});

it('fails to read back, and publishes all the same', async () => {
  const staged = await failing(memoryDestination(), 'readBack').stage('archive', bodyOf('x'));
  await expect(staged.readBack()).rejects.toMatchObject({ stage: 'checksum' });
  await staged.publish();
});

it.each(['stage', 'publish'] as const)('leaves nothing when %s fails', async step => {
  const storage = memoryStorage();
  const full = new StageError(
    'copy',
    'DestinationFull',
    'disk is full',
    'free some space',
    'needs-action'
  );
  const to = failing(memoryDestination(storage), step, full);
  const backup = async () => (await to.stage('archive', bodyOf('x'))).publish();
  await expect(backup()).rejects.toBe(full);
  expect(storage.temporaries.size + storage.archives.size).toBe(0);
});

it('reports a discard that fails', async () => {
  const staged = await failing(memoryDestination(), 'discard').stage('archive', bodyOf('x'));
  await expect(staged.discard()).rejects.toMatchObject({ stage: 'cleanup' });
});
