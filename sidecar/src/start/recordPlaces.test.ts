import { expect, it } from 'vitest';
import { noTrail } from '../history/audit/auditTrail.ts';
import { recordPlaces } from './recordPlaces.ts';

it('records which destination was added, changed or deleted, and no one else', () => {
  const versions: Record<string, number> = { local: 0, offsite: 0, nas: 3 };
  let changed = (): void => undefined;
  const entries: unknown[] = [];
  recordPlaces(
    {
      all: () => Object.keys(versions).map(name => ({ name })),
      status: name => ({ version: versions[name] ?? 0 }),
      onChange: listener => (changed = listener),
    },
    {
      ...noTrail,
      record: async ({ action, destination, actor }, { detail }) =>
        void entries.push([action, actor?.kind, destination, detail]),
    }
  );
  changed();
  expect(entries).toEqual([]);
  delete versions.offsite;
  versions.nas = 4;
  versions.bucket = 0;
  changed();
  changed();
  expect(entries).toEqual([
    ['destination.change', 'unknown', 'nas', 'its Secret was changed'],
    ['destination.change', 'unknown', 'bucket', 'its Secret was added'],
    ['destination.change', 'unknown', 'offsite', 'its Secret was deleted'],
  ]);
});
