import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { aFile, aFolder, fileList } from '../testing/fileSamples';
import { openPage } from '../testing/mount';
import { aBackup, aFailed } from '../testing/samples';

/** jsdom has no layout: the list is 600 px high. */
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockImplementation(
    () => ({ width: 900, height: 600, top: 0, left: 0, right: 900, bottom: 600 } as DOMRect)
  );
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(900);
  HTMLElement.prototype.scrollTo = () => undefined;
});

const FILES = 'GET /backups/7/files';
const ROOT = fileList([
  aFolder('2026', 2),
  aFile('README.txt', { bytes: 1536 }),
  aFile('latest', { type: 'symlink', target: '2026/11', mode: 'lrwxrwxrwx' }),
]);

const open = (answers: Parameters<typeof fakeCluster>[0] = {}, query = '') => {
  const cluster = fakeCluster({
    'GET /backups/7': aBackup({ id: '7' }),
    [FILES]: ROOT,
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, `/nkvm/backups/7/files?namespace=shop${query}`) };
};
const grid = (name = 'Files in orders-db') => screen.findByRole('grid', { name });
const asked = (cluster: { calls: string[] }) =>
  cluster.calls.filter(call => call.startsWith(FILES)).map(call => call.slice(FILES.length));
const activeRow = (of: HTMLElement) =>
  document.getElementById(of.getAttribute('aria-activedescendant') ?? '');

describe('the files of an archive', () => {
  it('are shown with size, time, mode, owner and where links lead', async () => {
    open();
    const rows = within(await grid()).getAllByRole('row');
    expect(rows).toHaveLength(4);
    expect(rows[1]).toHaveTextContent(/2026.*2 entries.*drwxr-xr-x/);
    expect(within(rows[1]!).getByRole('img', { name: 'Folder' })).toBeVisible();
    expect(rows[2]).toHaveTextContent(
      /README\.txt.*1\.5 KiB.*Nov 20, 2026.*-rw-r--r--.*1000\/1000/
    );
    expect(rows[3]).toHaveTextContent('→ 2026/11');
    expect(await grid()).toHaveAttribute('aria-rowcount', '4');
    expect(screen.getByText('3 entries')).toBeVisible();
  });

  it('are walked with the keyboard: arrows, Enter, Space, Backspace', async () => {
    const { cluster, user } = open();
    (await grid()).focus();
    await user.keyboard('{ArrowDown}');
    expect(activeRow(await grid())).toHaveTextContent('README.txt');
    await user.keyboard(' ');
    expect(activeRow(await grid())).toHaveAttribute('aria-selected', 'true');
    expect(screen.getByText('1 selected')).toBeVisible();
    cluster.answer(FILES, fileList([aFile('2026/a.dat')]));
    await user.keyboard('{Home}{Enter}');
    expect(await screen.findByText('a.dat')).toBeVisible();
    expect(new URLSearchParams(window.location.search).get('path')).toBe('2026');
    expect(screen.getByText('1 selected')).toBeVisible();
    cluster.answer(FILES, ROOT);
    // The list is another one, and has the focus again.
    expect(await grid('Files in 2026')).toHaveFocus();
    await user.keyboard('{Backspace}');
    expect(await grid()).toHaveFocus();
    expect(activeRow(await grid())).toHaveTextContent('2026');
    expect(new URLSearchParams(window.location.search).get('path')).toBeNull();
  });

  it('lead up again with Backspace from an empty folder', async () => {
    const { cluster, user } = open();
    (await grid()).focus();
    cluster.answer(FILES, fileList([]));
    await user.keyboard('{Home}{Enter}');
    expect(await screen.findByText('This folder is empty.')).toBeVisible();
    await user.keyboard('{Backspace}');
    expect(await grid()).toHaveFocus();
  });

  it('open with what their address says, and lead back by the breadcrumb', async () => {
    const { cluster, user } = open(
      { [FILES]: fileList([aFile('2026/11/a.dat')]) },
      '&path=2026/11&sort=size&order=desc'
    );
    expect(await screen.findByText('a.dat')).toBeVisible();
    expect(asked(cluster)).toEqual(['?path=2026%2F11&sort=size&order=desc&limit=500']);
    const way = within(screen.getByRole('navigation', { name: 'Folder' }));
    await user.click(way.getByRole('button', { name: '2026' }));
    await waitFor(() => expect(asked(cluster).at(-1)).toContain('path=2026&'));
  });

  it('are found by name, size and time below the folder', async () => {
    const { cluster, user } = open({ [FILES]: fileList([aFile('2026/11/app.log')]) });
    await user.type(await screen.findByRole('textbox', { name: 'Search by name' }), 'log');
    await waitFor(() => expect(asked(cluster).at(-1)).toContain('search=log'));
    expect(await screen.findByText('2026/11/')).toBeVisible();
    expect(screen.getByText('1 found')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Filter by size and time' }));
    await user.type(screen.getByLabelText('At least'), '10 KiB{Enter}');
    await waitFor(() => expect(asked(cluster).at(-1)).toContain('minBytes=10240'));
  });

  it('are sorted by the head of a column', async () => {
    const { cluster, user } = open();
    await user.click(within(await grid()).getByRole('button', { name: 'Size' }));
    await waitFor(() => expect(asked(cluster).at(-1)).toContain('sort=size'));
    await user.click(within(await grid()).getByRole('button', { name: 'Size' }));
    await waitFor(() => expect(asked(cluster).at(-1)).toContain('order=desc'));
    const head = within(await grid()).getByRole('columnheader', { name: 'Size' });
    await waitFor(() => expect(head).toHaveAttribute('aria-sort', 'descending'));
  });

  it('lead to a restore of what is selected, a folder once', async () => {
    const { user } = open();
    const rows = within(await grid());
    await user.click(rows.getByRole('checkbox', { name: 'Select README.txt' }));
    await user.click(rows.getByRole('checkbox', { name: 'Select 2026' }));
    const link = screen.getByRole('link', { name: 'Restore… the selection' });
    const { searchParams } = new URL(link.getAttribute('href') ?? '', 'http://headlamp');
    expect(searchParams.get('backup')).toBe('7');
    expect(searchParams.getAll('paths')).toEqual(['README.txt', '2026']);
    await user.click(screen.getByRole('button', { name: 'Clear selection' }));
    expect(screen.getByText('3 entries')).toBeVisible();
  });

  it('have details', async () => {
    const { user } = open();
    await user.click(await screen.findByText('latest'));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText('Symbolic link')).toBeVisible();
    expect(dialog.getByText('2026/11')).toBeVisible();
    expect(dialog.getByText('lrwxrwxrwx')).toBeVisible();
  });

  it('come in pages, and only those in sight are in the page', async () => {
    const page = (from: number) =>
      fileList(
        Array.from({ length: 500 }, (_, at) => aFile(`file-${from + at}`)),
        { total: 1000, nextCursor: from ? null : 'next' }
      );
    const { cluster, user } = open({
      [FILES]: (_, { search }) => page(search.includes('cursor=next') ? 500 : 0),
    });
    const list = await grid();
    expect(list).toHaveAttribute('aria-rowcount', '1001');
    expect(within(list).getAllByRole('row').length).toBeLessThan(60);
    list.focus();
    await user.keyboard('{End}');
    expect(activeRow(list)).toHaveTextContent('file-499');
    await waitFor(() => expect(asked(cluster)).toHaveLength(2));
    await waitFor(async () => {
      await user.keyboard('{End}');
      expect(activeRow(list)).toHaveTextContent('file-999');
    });
  });

  it('say how they are read where the archive has no index', async () => {
    open({ [FILES]: fileList([aFile('a')], { index: 'rebuilt', canReadRanges: false }) });
    expect(
      await screen.findByText(/^This archive has no index.*one compressed stream/)
    ).toBeVisible();
  });

  it('are waited for while the index is made', async () => {
    const { cluster } = open({
      [FILES]: refusal(503, 'archive a.tar.gz has no index, and one is being made: that takes'),
    });
    await waitFor(() => expect(asked(cluster)).toHaveLength(1));
    cluster.answer(FILES, ROOT);
    expect(await screen.findByText('README.txt')).toBeVisible();
  });

  it.each([
    ['an empty folder', fileList([]), '&path=lost', 'This folder is empty.'],
    ['a search without result', fileList([]), '&search=x', 'Nothing in this folder matches.'],
    [
      'a folder that is not there',
      refusal(404, 'the archive has nothing at x'),
      '&path=x',
      'This archive does not contain the folder.',
    ],
    [
      'a right that is missing',
      refusal(403, 'user ann may not get persistentvolumeclaims/archive in namespace shop'),
      '',
      /User ann may not get persistentvolumeclaims\/archive in namespace shop/,
    ],
    ['what broke', refusal(500, 'the archive cannot be read'), '', /The archive cannot be read/],
  ])('say of %s what it is', async (_, answer, query, text) => {
    open({ [FILES]: answer }, query);
    expect(await screen.findByText(text)).toBeVisible();
  });

  it('are not there of a run that failed, and of a backup that is gone', async () => {
    open({ 'GET /backups/7': aFailed({ id: '7' }) });
    expect(await screen.findByText(/has not succeeded/)).toBeVisible();
    open({ 'GET /backups/7': refusal(404, 'there is no backup 7') });
    expect(await screen.findByText('Backup not found')).toBeVisible();
  });
});
