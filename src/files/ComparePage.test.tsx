import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fakeCluster } from '../testing/fakeCluster';
import { aFile, comparison } from '../testing/fileSamples';
import { openPage } from '../testing/mount';
import { aBackup, aFailed, backupList } from '../testing/samples';

const runs = backupList([
  aBackup({ id: '9', createdAt: '2026-11-22T10:00:00.000Z' }),
  aFailed({ id: '8', createdAt: '2026-11-21T10:00:00.000Z' }),
  aBackup({ id: '7', createdAt: '2026-11-20T10:00:00.000Z' }),
  aBackup({ id: '5', createdAt: '2026-11-18T10:00:00.000Z' }),
]);
const open = (answers: Parameters<typeof fakeCluster>[0] = {}, id = '9') => {
  const cluster = fakeCluster({
    'GET /backups': runs,
    [`GET /backups/${id}`]: runs.backups.find(run => run.id === id)!,
    [`GET /backups/${id}/comparison`]: comparison({
      added: 1,
      changed: 1,
      removed: 1,
      same: 1234,
      changes: [
        { change: 'added', file: aFile('new/a'), before: null },
        { change: 'changed', file: aFile('b', { bytes: 2048 }), before: aFile('b') },
        { change: 'removed', file: aFile('c'), before: null },
      ],
    }),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, `/nkvm/backups/${id}/compare?namespace=shop`) };
};
const asked = (cluster: { calls: string[] }) =>
  cluster.calls.filter(call => call.includes('/comparison'));

describe('the comparison of two archives', () => {
  it('counts and lists what has changed since the backup before', async () => {
    const { cluster } = open();
    expect(await screen.findByText('1,234')).toBeVisible();
    expect(asked(cluster)).toEqual(['GET /backups/9/comparison?with=7&limit=200']);
    const row = (path: string) => screen.getByRole('link', { name: path }).closest('tr')!;
    expect(row('new/a')).toHaveTextContent('Added');
    expect(row('b')).toHaveTextContent('1 KiB → 2 KiB');
    // What was removed is in the older archive.
    const removed = within(row('c')).getByRole('link').getAttribute('href');
    expect(removed).toMatch(/\/backups\/7\/files/);
    expect(within(row('new/a')).getByRole('link').getAttribute('href')).toMatch(
      /\/backups\/9\/files\?namespace=shop&path=new$/
    );
  });

  it('can be made with any older backup that has an archive', async () => {
    const { cluster, user } = open();
    await user.click(await screen.findByLabelText('From the backup of'));
    const options = await screen.findAllByRole('option');
    expect(options.map(option => option.textContent)).toEqual([
      expect.stringContaining('Nov 20'),
      expect.stringContaining('Nov 18'),
    ]);
    await user.click(options[1]!);
    await waitFor(() => expect(asked(cluster).at(-1)).toContain('with=5'));
    expect(new URLSearchParams(window.location.search).get('with')).toBe('5');
  });

  it('says where there is nothing to compare with, and where nothing has changed', async () => {
    open({}, '5');
    expect(await screen.findByText(/no older backup of this volume/)).toBeVisible();
    open({ 'GET /backups/9/comparison': comparison({ same: 3 }) });
    expect(await screen.findByText('Both backups hold the same files.')).toBeVisible();
  });
});
