import { expect, it } from 'vitest';
import type { MeasuredArchive } from './anomaly.ts';
import { anomalyHold } from './anomaly.ts';

const MiB = 1024 * 1024;
const sizes = (...bytes: number[]): MeasuredArchive[] =>
  bytes.map((each, at) => ({
    run: `run-${at}`,
    bytes: each * MiB,
    entries: 100,
    isNearlyAllNew: false,
  }));
const counts = (...entries: number[]): MeasuredArchive[] =>
  entries.map((each, at) => ({
    ...{ run: `run-${at}`, bytes: MiB, entries: each },
    isNearlyAllNew: false,
  }));
/** Full archives of these sizes, and increments of full ones for null. */
const chains = (...bytes: (number | null)[]): MeasuredArchive[] =>
  bytes.map((each, at) => ({ ...sizes(0)[0]!, run: `run-${at}`, bytes: each && each * MiB }));
const changed = (archives: MeasuredArchive[], at: number): MeasuredArchive[] =>
  archives.map((each, place) => ({ ...each, isNearlyAllNew: place === at }));

/** The last of them has few entries. */
const countsOf = (archives: MeasuredArchive[]): MeasuredArchive[] =>
  archives.map((each, at) => ({ ...each, entries: at === archives.length - 1 ? 20 : 1000 }));

it.each<[string, MeasuredArchive[], string | null, string | null]>([
  ['nothing', [], null, null],
  ['one archive', sizes(10), null, null],
  ['the usual changes', sizes(10, 11, 9, 8, 12), null, null],
  ['a slow decrease', sizes(10, 8, 6, 5, 4, 3), null, null],
  ['the newest has shrunk', sizes(10, 10, 4), null, 'run-2 has 4194304 bytes'],
  ['exactly half is not much less', sizes(10, 5), null, null],
  ['an older one has shrunk, and the newest is as small', sizes(10, 4, 4, 4), null, 'run-1 has'],
  ['it has grown again', sizes(10, 4, 4, 9), null, null],
  ['it has grown again, but not enough', sizes(10, 1, 2, 4), null, 'run-1 has'],
  ['a person has accepted it', sizes(10, 4, 4), 'run-1', null],
  ['a person has accepted a later one', sizes(10, 4, 4), 'run-2', null],
  ['a person has accepted an earlier one', sizes(10, 10, 4), 'run-1', 'run-2 has'],
  ['it has shrunk again since', sizes(10, 4, 1), 'run-1', 'run-2 has'],
  [
    'it was accepted, and the backups around it are gone',
    sizes(10, 4, 4, 4).filter((_, at) => at !== 1),
    'run-1',
    null,
  ],
  ['most files are gone', counts(1000, 1000, 20), null, 'run-2 has 20 entries'],
  ['a few files of a few are gone', counts(5, 1), null, null],
  ['a small archive', sizes(0.05, 0.001), null, null],
  ['nearly all is new', changed(sizes(10, 10, 10), 2), null, 'nearly all data in backup run-2'],
  ['nearly all was new in an older one', changed(sizes(10, 10, 10, 10), 1), null, 'run-1 is new'],
  ['increments are small', chains(10, null, null, 10, null), null, null],
  ['the newest full archive has shrunk', chains(10, null, null, 4), null, 'run-3 has 4194304'],
  ['there are increments of it', chains(10, null, 4, null, null), null, 'run-2 has 4194304'],
  ['it has grown again, with increments', chains(10, null, 4, null, 9, null), null, null],
  ['it was accepted before the increments', chains(10, 4, null, null), 'run-1', null],
  ['it was accepted with an increment', chains(10, 4, null, null), 'run-2', null],
  ['most files are gone in an increment', countsOf(chains(10, null, null)), null, 'run-2 has 20 e'],
  ['nearly all was new, and accepted', changed(sizes(10, 10, 10, 10), 1), 'run-1', null],
])('%s', (_, archives, accepted, message) => {
  const hold = anomalyHold(archives, accepted);
  if (message === null) expect(hold).toBeNull();
  else
    expect(hold).toMatchObject({
      kind: 'anomaly',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('nkvm.io/accept-change: run-'),
    });
});

it('does not take what is not known for a change', () => {
  const unknown = [
    { run: 'a', bytes: null, entries: null, isNearlyAllNew: false },
    { run: 'b', bytes: 0, entries: 0, isNearlyAllNew: false },
  ];
  expect(anomalyHold(unknown, null)).toBeNull();
});
