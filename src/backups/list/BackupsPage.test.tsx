import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fakeCluster, refusal, TOKEN_REQUEST } from '../../testing/fakeCluster';
import { openPage, selectNamespaces } from '../../testing/mount';
import { aBackup, aFailed, aVolume, backupList, volumeList } from '../../testing/samples';

const open = (answers: Parameters<typeof fakeCluster>[0], query = '') => {
  const cluster = fakeCluster({
    'GET /volumes': volumeList([aVolume()]),
    'GET /backups': backupList([]),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, `/nkvm/backups${query}`) };
};
const rowOf = async (name: string) =>
  within((await screen.findByRole('link', { name })).closest('tr')!);
const calls = (cluster: { calls: string[] }) =>
  cluster.calls.filter(call => call.startsWith('GET /backups'));

describe('the list of all backups', () => {
  it('leads to the run, to the volume and to the namespace', async () => {
    open({ 'GET /backups': backupList([aBackup({ id: '7' })]) });
    const row = await rowOf('orders-db');
    const href = (link: HTMLElement) => link.getAttribute('href');
    expect(href(row.getByRole('link', { name: 'orders-db' }))).toMatch(/volumes\/shop\/orders-db$/);
    expect(href(row.getByRole('link', { name: 'shop' }))).toMatch(/\/namespaces\/shop$/);
    expect(href(row.getByRole('link', { name: /ago$/ }))).toMatch(/backups\/7\?namespace=shop$/);
    expect(row.getByText('Succeeded')).toBeVisible();
    expect(row.getByText('3 MiB')).toBeVisible();
    expect(row.getByText('Checksum')).toBeVisible();
  });

  it('marks volumes that are gone, and those whose name another one has', async () => {
    open({
      'GET /backups': backupList([
        aBackup({ id: '9', name: 'retired', uid: 'uid-retired' }),
        aBackup({ id: '8', uid: 'uid-before' }),
      ]),
    });
    await waitFor(async () =>
      expect((await rowOf('retired')).getByText('Deleted')).toBeInTheDocument()
    );
    expect((await rowOf('orders-db')).getByText('Earlier volume')).toBeVisible();
  });

  it('calls no volume gone while the volumes cannot be listed', async () => {
    open({
      'GET /volumes': refusal(500, 'see the log'),
      'GET /backups': backupList([aBackup({ id: '9', name: 'retired' })]),
    });
    await rowOf('retired');
    expect(screen.queryByText('Deleted')).toBeNull();
  });

  it('asks for what its address says, and keeps there what is chosen', async () => {
    const { cluster, user } = open(
      { 'GET /backups': backupList([aFailed({ id: '7' })]) },
      '?status=failed&name=orders-db'
    );
    await rowOf('orders-db');
    expect(calls(cluster)).toEqual(['GET /backups?name=orders-db&status=failed&limit=50']);
    await user.click(screen.getByLabelText('Status'));
    await user.click(await screen.findByRole('option', { name: 'Cancelled' }));
    await waitFor(() => expect(calls(cluster).at(-1)).toContain('status=cancelled'));
    expect(window.location.search).toBe('?status=cancelled&name=orders-db');
  });

  it('asks for each chosen namespace, and merges them', async () => {
    selectNamespaces('billing', 'shop');
    open({
      'GET /backups': (_, { search }) =>
        search.includes('namespace=shop')
          ? backupList([aBackup({ id: '8', name: 'second' })])
          : backupList([
              aBackup({ id: '9', namespace: 'billing', name: 'first' }),
              aBackup({ id: '7', namespace: 'billing', name: 'third' }),
            ]),
    });
    await rowOf('first');
    const names = screen.getAllByRole('row').map(row => row.textContent?.slice(0, 5));
    expect(names.slice(1)).toEqual(['first', 'secon', 'third']);
  });

  it('shows older runs when asked', async () => {
    const { cluster, user } = open({
      'GET /backups': backupList([aBackup({ id: '2', name: 'newer' })], 'older'),
    });
    await rowOf('newer');
    cluster.answer('GET /backups', backupList([aBackup({ id: '1', name: 'older' })]));
    await user.click(screen.getByRole('button', { name: 'Show older runs' }));
    await rowOf('older');
    expect(calls(cluster).at(-1)).toContain('cursor=older');
    expect(screen.getByRole('link', { name: 'newer' })).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Show older runs' })).toBeNull();
  });

  it('says that there are none yet, and that a filter leaves none', async () => {
    const { user } = open({}, '?status=failed');
    expect(await screen.findByText('No backup matches the filters')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(await screen.findByText('No backups yet')).toBeVisible();
    expect(window.location.search).toBe('');
  });

  it('says what is missing where not all namespaces could be read', async () => {
    selectNamespaces('billing', 'shop');
    open({
      [TOKEN_REQUEST]: refusal(403, 'not you'),
      'POST shop/nkvm-user token': { spec: {}, status: { token: 'of shop' } },
      'POST billing/nkvm-user token': { spec: {}, status: { token: 'of billing' } },
      'GET /backups': (_, { search }) =>
        search.includes('namespace=shop')
          ? backupList([aBackup({ id: '8' })])
          : refusal(
              403,
              'user ann may not list persistentvolumeclaims/backup in namespace billing'
            ),
    });
    await rowOf('orders-db');
    expect(screen.getByText(/User ann may not list.*in namespace billing/)).toBeVisible();
  });

  it('says that the right is missing, what broke, and that there is no sidecar', async () => {
    open({ 'GET /backups': refusal(403, 'user ann may not list persistentvolumeclaims/backup') });
    expect(await screen.findByText(/^User ann may not list/)).toBeVisible();
    open({ 'GET /backups': refusal(500, 'see the log') });
    expect(await screen.findByText('See the log')).toBeVisible();
    open({ 'GET /backups': refusal(404, 'services "nkvm" not found') });
    expect(await screen.findByText('Backups are not set up in this cluster')).toBeVisible();
  });
});
