import { expect, it } from 'vitest';
import { blockDevice, closedNamespace, unbound } from '../testing/samples';
import { type Translate } from '../ui/text';
import { reasonText } from './reasonText';

const english = ((key: string) => key) as unknown as Translate;

it.each([
  [closedNamespace, 'Backups not allowed yet'],
  [unbound, 'Not bound yet'],
  [blockDevice, 'Block device'],
])('has words for what the sidecar says: %j', (obstacle, words) => {
  expect(reasonText(obstacle.reason, english)).toBe(words);
});

it('has words for a reason that it does not know', () => {
  expect(reasonText('SomethingNew', english)).toBe('Cannot be backed up now');
});
