import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { openNamespaceCommand } from '../../../sidecar/api/names.ts';
import { fakeCluster, fakeStream, refusal, TOKEN_REQUEST } from '../../testing/fakeCluster';
import { openDetails } from '../../testing/mount';
import {
  aBackup,
  aFailed,
  aRunning,
  aVolume,
  backupList,
  closedNamespace,
  startedBackups,
  summaryOf,
  unbound,
} from '../../testing/samples';

const CLAIM = { namespace: 'shop', name: 'orders-db' };
const VOLUME = 'GET /volumes/shop/orders-db';

const open = (answers: Parameters<typeof fakeCluster>[0], kind = 'PersistentVolumeClaim') => {
  const cluster = fakeCluster({ [VOLUME]: aVolume(), 'GET /backups': backupList([]), ...answers });
  return { cluster, user: openDetails(cluster.name, kind, CLAIM) };
};
const header = () => screen.findByRole('button', { name: 'Back up' });

describe('the page of a claim', () => {
  it('says in one line that there is no sidecar, and offers no Back up', async () => {
    const absent = refusal(404, 'services "nkvm" not found');
    open({ [TOKEN_REQUEST]: refusal(404, 'namespaces "nkvm" not found'), 'GET /info': absent });
    expect(await screen.findByText(/^Backups are not set up in this cluster/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'How to fix it' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/volumes\?namespace=shop$/)
    );
    expect(screen.queryByRole('button', { name: 'Back up' })).toBeNull();
  });

  it('says that nothing has been backed up yet', async () => {
    open({});
    expect(await screen.findByText('This volume has never been backed up.')).toBeVisible();
  });

  it('says which right is missing to see the backups', async () => {
    const message = 'user ann may not list persistentvolumeclaims/backup in namespace shop';
    open({ 'GET /backups': refusal(403, message) });
    expect(await screen.findByText(/User ann may not list.*in namespace shop/)).toBeVisible();
  });

  it('shows nothing on the page of another kind', async () => {
    const { cluster } = open({}, 'Pod');
    // The strings have been loaded, and the page of a claim has asked for its volume by then.
    const other = open({});
    expect(await screen.findByText('This volume has never been backed up.')).toBeVisible();
    expect(screen.getAllByText('Backups')).toHaveLength(1);
    expect(cluster.calls).toEqual([]);
    expect(other.cluster.calls).toContain(VOLUME);
  });

  it('lists the runs, and older ones when asked', async () => {
    const { cluster, user } = open({ 'GET /backups': backupList([aFailed({ id: '2' })], 'older') });
    const row = within((await screen.findByText('Failed')).closest('tr')!);
    expect(row.getByText(/^Stream of helper/)).toBeVisible();
    expect(row.getByRole('link')).toHaveAttribute('href', expect.stringContaining('/backups/2'));
    cluster.answer('GET /backups', backupList([aBackup({ id: '1' })]));
    await user.click(screen.getByRole('button', { name: 'Show older runs' }));
    expect(await screen.findByText('Succeeded')).toBeVisible();
    expect(screen.getByText('Failed')).toBeVisible();
  });

  it('says why older runs cannot be had', async () => {
    const { cluster, user } = open({ 'GET /backups': backupList([aFailed({ id: '2' })], 'older') });
    await user.click(await screen.findByRole('button', { name: 'Show older runs' }));
    cluster.answer('GET /backups', refusal(500, 'see the log'));
    await user.click(await screen.findByRole('button', { name: 'Show older runs' }));
    expect(await screen.findByText(/^This could not be loaded.*See the log/)).toBeVisible();
  });

  it('gives a size to archives only: nothing is left of what a failed run received', async () => {
    open({ 'GET /backups': backupList([aFailed({ id: '2', bytes: 22 * 1024 ** 2 })]) });
    expect(await screen.findByText('Failed')).toBeVisible();
    expect(screen.queryByText('22 MiB')).toBeNull();
  });

  it('shows the runs of an earlier volume of this name apart, without a green sign', async () => {
    const before = aBackup({ id: '1', uid: 'uid-before' });
    open({ 'GET /backups': backupList([before]) });
    expect(await screen.findByText('Earlier volume of this name')).toBeVisible();
    expect(screen.getByText('This volume has never been backed up.')).toBeVisible();
    const earlier = screen.getByText('Succeeded').closest('section');
    expect(earlier).toHaveTextContent('Its backups do not contain the data of the volume above');
  });

  it('keeps what it shows while the sidecar is away, and says so', async () => {
    const { cluster, user } = open({ 'GET /backups': backupList([aBackup({ id: '1' })]) });
    expect(await screen.findByText('Succeeded')).toBeVisible();
    const away = refusal(503, 'no endpoints available for service "nkvm:http"');
    for (const request of [VOLUME, 'GET /backups']) cluster.answer(request, away);
    // Somebody comes back to the tab, after what is shown may be older than a second.
    await new Promise(resolve => setTimeout(resolve, 1_100));
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    const warning = await screen.findByText(/Can’t reach the backup service/);
    expect(warning).toHaveTextContent('The data below may be out of date');
    expect(screen.getByText('Succeeded')).toBeVisible();
    cluster.answer('GET /backups', backupList([aFailed({ id: '2' })]));
    cluster.answer(VOLUME, aVolume());
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('Failed')).toBeVisible();
    expect(screen.queryByText(/Can’t reach the backup service/)).toBeNull();
  });

  it('says what is in the way, with the command that removes it', async () => {
    const { user } = open({ [VOLUME]: aVolume({ obstacle: closedNamespace }) });
    const command = openNamespaceCommand('shop');
    expect(await screen.findByText(command)).toBeVisible();
    // The header's button leads to the same, and can be reached with the keyboard.
    const button = await header();
    expect(button).toHaveAccessibleDescription(/^Backups are not allowed in namespace shop/);
    button.focus();
    expect(button).toHaveFocus();
    await user.keyboard('{Enter}');
    expect(within(await screen.findByRole('dialog')).getByText(command)).toBeVisible();
  });

  it('does not offer what would only be refused', async () => {
    const { cluster, user } = open({ [VOLUME]: aVolume({ mayBackUp: false }) });
    expect(await screen.findByText(/^Permission to create .* is missing/)).toBeVisible();
    await user.click(await header());
    const dialog = await screen.findByRole('dialog', { name: 'No permission' });
    expect(within(dialog).getByText(/^kubectl create rolebinding/)).toBeVisible();
    expect(cluster.calls.filter(call => call.startsWith('POST'))).toEqual([]);
  });

  it('does not start a backup where something is in the way', async () => {
    const { cluster, user } = open({ [VOLUME]: aVolume({ obstacle: unbound }) });
    await user.click(await header());
    expect(await screen.findByRole('dialog', { name: 'Not bound yet' })).toBeVisible();
    expect(cluster.calls.filter(call => call.startsWith('POST'))).toEqual([]);
  });
});

describe('a run on the page of its claim', () => {
  const queued = aRunning({ id: '7', status: 'queued', stage: null, bytes: null });

  it('is started from the header', async () => {
    const { cluster, user } = open({ 'POST /backups': startedBackups([queued]) });
    await user.click(await header());
    expect((await screen.findAllByText('Backing up shop/orders-db'))[0]).toBeVisible();
    expect(cluster.calls).toContain(
      'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}]}'
    );
  });

  it('cannot be started a second time while it is under way', async () => {
    const { cluster, user } = open({ [VOLUME]: aVolume({ lastBackup: summaryOf(queued) }) });
    const button = await header();
    expect(button).toHaveAccessibleDescription('A backup is already running');
    await user.click(button);
    expect(cluster.calls.filter(call => call.startsWith('POST'))).toEqual([]);
  });

  it('shows what it does and how much it has copied, as it happens', async () => {
    const run = fakeStream();
    const { cluster } = open({
      'GET /backups': backupList([queued]),
      'GET /backups/7': queued,
      'GET /backups/7/events': run.answer,
    });
    expect((await screen.findAllByText('Waiting for its turn'))[0]).toBeVisible();
    await waitFor(() => expect(run.isOpen()).toBe(true));
    run.send('backup', aRunning({ id: '7', stage: 'wait', bytes: null }));
    expect((await screen.findAllByText('Waiting for the helper pod'))[0]).toBeVisible();
    run.send('backup', aRunning({ id: '7', stage: 'copy', bytes: 5 * 1024 ** 2 }));
    expect(await screen.findByText('5 MiB')).toBeVisible();
    expect(screen.getAllByRole('status').map(each => each.textContent)).toContain(
      'Copying the archive'
    );
    cluster.answer('GET /backups', backupList([aBackup({ id: '7' })]));
    cluster.answer('GET /backups/7', aBackup({ id: '7' }));
    run.send('backup', aBackup({ id: '7' }));
    expect(await screen.findByText('Succeeded')).toBeVisible();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('is cancelled only when that is confirmed, and the focus stays on the page', async () => {
    const { cluster, user } = open({
      'GET /backups': backupList([queued]),
      'GET /backups/7': queued,
      'GET /backups/7/events': fakeStream().answer,
      'POST /backups/7/cancel': aBackup({ id: '7', status: 'cancelled' }),
    });
    const cancel = { name: 'Cancel the backup of shop/orders-db' };
    await user.click(await screen.findByRole('button', cancel));
    await user.click(await screen.findByRole('button', { name: 'Keep it running' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(cluster.calls).not.toContain('POST /backups/7/cancel');
    await user.click(screen.getByRole('button', cancel));
    const ended = aBackup({ id: '7', status: 'cancelled' });
    cluster.answer('GET /backups', backupList([ended]));
    cluster.answer('GET /backups/7', ended);
    await user.click(await screen.findByRole('button', { name: 'Cancel the backup' }));
    expect(await screen.findByText('Cancelled')).toBeVisible();
    expect(cluster.calls).toContain('POST /backups/7/cancel');
    expect(document.body).not.toHaveFocus();
  });

  it.each<[string, Response, RegExp]>([
    [
      'was refused',
      refusal(403, 'ann may not create persistentvolumeclaims/backup'),
      /^The backup could not be cancelled.*Ann may not/,
    ],
    // The answer comes when the run has ended, and Headlamp waits for two minutes.
    ['takes long', refusal(408, 'Request timed-out'), /^No answer came, so it may have been done/],
  ])('says what is known of a cancellation that %s', async (_, answer, text) => {
    const { user } = open({
      'GET /backups': backupList([queued]),
      'GET /backups/7': queued,
      'GET /backups/7/events': fakeStream().answer,
      'POST /backups/7/cancel': answer,
    });
    await user.click(
      await screen.findByRole('button', { name: 'Cancel the backup of shop/orders-db' })
    );
    await user.click(await screen.findByRole('button', { name: 'Cancel the backup' }));
    expect(await screen.findByText(text)).toBeVisible();
  });
});
