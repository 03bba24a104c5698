import { describe, expect, it } from 'vitest';
import { aBackup, aVolume, backupList } from '../../testing/samples';
import { withChange, withNewest, withOlder } from './patch';

describe('a change of volumes', () => {
  const a = aVolume({ name: 'a' });
  const b = aVolume({ name: 'b' });
  const inBank = aVolume({ namespace: 'bank', name: 'z' });

  it('replaces what has changed, and leaves all else the same object', () => {
    const next = { ...a, labels: { changed: 'yes' } };
    const after = withChange([a, b], { volumes: [next], removed: [] });
    expect(after).toEqual([next, b]);
    expect(after[1]).toBe(b);
  });

  it('adds what is new in its place', () => {
    expect(withChange([a], { volumes: [inBank, b], removed: [] })).toEqual([inBank, a, b]);
  });

  it('removes what does not exist any more', () => {
    const removed = [{ namespace: 'shop', name: 'a' }];
    expect(withChange([a, b], { volumes: [], removed })).toEqual([b]);
  });

  it('shows a volume that was deleted and created again', () => {
    const again = aVolume({ name: 'a', uid: 'another' });
    const removed = [{ namespace: 'shop', name: 'a' }];
    expect(withChange([a], { volumes: [again], removed })).toEqual([again]);
  });
});

describe('the history of a volume', () => {
  const run = (id: string, status: 'success' | 'running' = 'success') => aBackup({ id, status });
  const idsOf = ({ runs }: { runs: { id: string }[] }) => runs.map(({ id }) => id);

  it('keeps older pages when the newest one is asked for again', () => {
    const first = withNewest(undefined, backupList([run('4'), run('3')], 'after 3'));
    const both = withOlder(first, backupList([run('2'), run('1')]));
    const after = withNewest(
      both,
      backupList([run('5', 'running'), run('4'), run('3')], 'after 3')
    );
    expect(idsOf(after)).toEqual(['5', '4', '3', '2', '1']);
    expect(after.nextCursor).toBeNull();
  });

  it('begins anew where there may be a gap', () => {
    const known = { runs: [run('4'), run('3'), run('2')], nextCursor: 'after 2' };
    const page = backupList([run('9'), run('8')], 'after 8');
    expect(withNewest(known, page)).toEqual({ runs: page.backups, nextCursor: 'after 8' });
  });

  it('forgets what is not recorded any more', () => {
    const known = { runs: [run('4'), run('3')], nextCursor: null };
    expect(idsOf(withNewest(known, backupList([run('4')])))).toEqual(['4']);
  });
});
