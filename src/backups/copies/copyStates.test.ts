import { expect, it } from 'vitest';
import type { Backup, Copy } from '../../../sidecar/api';
import { aDestination, destinationList, theLocal } from '../../testing/destinationSamples';
import { aBackup, aCopy, aFailed, aRunning } from '../../testing/samples';
import { copyTargets, isIncomplete, missingAt } from './copyStates';

const local = aCopy();
const at = (state: Copy['state'], rest: Partial<Copy> = {}): Copy =>
  aCopy({ destination: 'offsite', state, ...rest });

it.each<[string, Backup, string[], boolean]>([
  ['everywhere', aBackup({ copies: [local, at('present')] }), [], false],
  ['awaited', aFailed({ copies: [local, at('awaited')] }), ['offsite'], true],
  ['failed', aFailed({ copies: [local, at('failed')] }), ['offsite'], true],
  ['not found', aFailed({ copies: [local, at('missing')] }), ['offsite'], true],
  ['deleted since', aFailed({ copies: [local, at('deleted')] }), [], true],
  ['optional', aBackup({ copies: [local, at('failed', { isRequired: false })] }), [], false],
  ['nowhere', aFailed({ copies: [at('failed')] }), [], false],
  ['still written', aRunning({ copies: [local, at('awaited')] }), [], false],
])('a copy that is %s', (_, backup, missing, isMissing) => {
  expect(missingAt(backup)).toEqual(missing);
  expect(isIncomplete(backup)).toBe(isMissing);
});

it('can be copied to where it is not', () => {
  const list = destinationList([theLocal(), aDestination(), aDestination({ name: 'nas' })]);
  const names = copyTargets({ copies: [local, at('missing')] }, list).map(({ name }) => name);
  expect(names).toEqual(['offsite', 'nas']);
});
