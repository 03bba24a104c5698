import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { aFile, fileVersions } from '../testing/fileSamples';
import { openPage } from '../testing/mount';
import { aBackup } from '../testing/samples';

const PATH = '2026/a.txt';
const VERSIONS = 'GET /backups/7/files/versions';
const version = (backup: string, day: number) => ({
  backup,
  createdAt: `2026-11-${day}T10:00:00.000Z`,
  state: 'present' as const,
  file: aFile(PATH, { bytes: day * 1024 }),
  isSame: false,
});

const open = (answers: Parameters<typeof fakeCluster>[0]) => {
  const cluster = fakeCluster({ 'GET /backups/7': aBackup({ id: '7' }), ...answers });
  const address = `/nkvm/backups/7/versions?namespace=shop&path=${encodeURIComponent(PATH)}`;
  return { cluster, user: openPage(cluster.name, address) };
};
const rows = async () => (await screen.findAllByRole('row')).slice(1);

describe('the versions of a file', () => {
  it('say in which backups it is, and where it has changed', async () => {
    open({
      [VERSIONS]: fileVersions([
        version('7', 20),
        { ...version('6', 19), isSame: true },
        { ...version('5', 18), state: 'unknown', file: null },
        { ...version('4', 17), state: 'absent', file: null },
      ]),
    });
    const [first, second, third, fourth] = await rows();
    expect(first).toHaveTextContent(/Nov 20, 2026.*Changed or new.*20 KiB/);
    expect(second).toHaveTextContent('Same as before');
    expect(third).toHaveTextContent('The archive cannot be read');
    expect(fourth).toHaveTextContent('Not in this backup');
    // Nothing can be had of a backup that does not have it.
    expect(within(fourth!).queryByRole('button')).toBeNull();
    const restore = within(second!).getByRole('link', { name: /^Restore the version/ });
    const { searchParams } = new URL(restore.getAttribute('href') ?? '', 'http://headlamp');
    expect([searchParams.get('backup'), searchParams.get('paths')]).toEqual(['6', PATH]);
    const folder = within(second!).getByRole('link', { name: /in its folder$/ });
    expect(folder.getAttribute('href')).toMatch(/backups\/6\/files\?namespace=shop&path=2026$/);
  });

  it('come in pages', async () => {
    const { cluster, user } = open({ [VERSIONS]: fileVersions([version('7', 20)], 'older') });
    expect(await rows()).toHaveLength(1);
    cluster.answer(VERSIONS, fileVersions([version('6', 19)]));
    await user.click(screen.getByRole('button', { name: 'Show older runs' }));
    expect(await screen.findByText(/Nov 19, 2026/)).toBeVisible();
    expect(cluster.calls.at(-1)).toContain('cursor=older');
  });

  it('say why they cannot be had', async () => {
    open({ [VERSIONS]: refusal(500, 'the destination does not answer') });
    expect(await screen.findByText(/The destination does not answer/)).toBeVisible();
  });
});
