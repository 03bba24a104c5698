import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Backup } from '../../sidecar/api';
import { fakeCluster, refusal, TOKEN_REQUEST } from '../testing/fakeCluster';
import { openDetails } from '../testing/mount';
import { aBackup, aFailed, aRunning, aVolume, summaryOf } from '../testing/samples';

const CLAIM = { namespace: 'shop', name: 'orders-db' };
const VOLUME = 'GET /volumes/shop/orders-db';

const open = (answers: Parameters<typeof fakeCluster>[0], kind = 'PersistentVolumeClaim') => {
  const cluster = fakeCluster({
    [VOLUME]: aVolume(),
    'GET /backups': { backups: [], nextCursor: null },
    ...answers,
  });
  return { cluster, user: openDetails(cluster.name, kind, CLAIM) };
};

/** A stream of events that the test writes to. */
function liveRun() {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: it => void (controller = it) });
  const answer = new Response(body);
  return {
    answer: () => answer,
    send: (backup: Backup) =>
      controller.enqueue(
        new TextEncoder().encode(`event: backup\ndata: ${JSON.stringify(backup)}\n\n`)
      ),
  };
}

describe('the page of a claim', () => {
  it('says in one line that there is no sidecar, and offers no Back up', async () => {
    open({
      [TOKEN_REQUEST]: refusal(404, 'namespaces "nkvm" not found'),
      'GET /info': refusal(404, 'services "nkvm" not found'),
    });
    expect(await screen.findByText(/^Backups are not set up in this cluster/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'What to do' })).toHaveAttribute(
      'href',
      expect.stringContaining('/nkvm/volumes')
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
    expect(await screen.findByText(message)).toBeVisible();
  });

  it('shows nothing on the page of another kind', async () => {
    const { cluster } = open({}, 'Pod');
    expect(screen.queryByText('Backups')).toBeNull();
    expect(cluster.calls).toEqual([]);
  });

  it('lists the runs, and older ones when asked', async () => {
    const { cluster, user } = open({
      'GET /backups': { backups: [aFailed({ id: '2' })], nextCursor: 'older' },
    });
    const row = within((await screen.findByText('Failed')).closest('tr')!);
    expect(row.getByText(/^stream of helper/)).toBeVisible();
    expect(row.getByRole('link')).toHaveAttribute('href', expect.stringContaining('/backups/2'));
    cluster.answer('GET /backups', { backups: [aBackup({ id: '1' })], nextCursor: null });
    await user.click(screen.getByRole('button', { name: 'Show older runs' }));
    expect(await screen.findByText('Succeeded')).toBeVisible();
  });
});

describe('a run on the page of its claim', () => {
  const queued = aRunning({ id: '7', status: 'queued', stage: null, bytes: null });

  it('is started from the header', async () => {
    const { cluster, user } = open({ 'POST /backups': { backups: [queued] } });
    await waitFor(() => expect(screen.getByRole('button', { name: 'Back up' })).toBeEnabled());
    await user.click(screen.getByRole('button', { name: 'Back up' }));
    expect(await screen.findByText('Backup of shop/orders-db is under way')).toBeVisible();
    expect(cluster.calls).toContain(
      'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}]}'
    );
  });

  it('cannot be started a second time while it is under way', async () => {
    open({ [VOLUME]: aVolume({ lastBackup: summaryOf(queued) }) });
    expect(await screen.findByLabelText('A backup is under way')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Back up' })).toBeDisabled();
  });

  it('shows what it does and how much it has copied, as it happens', async () => {
    const run = liveRun();
    const { cluster } = open({
      'GET /backups': { backups: [queued], nextCursor: null },
      'GET /backups/7': queued,
      'GET /backups/7/events': run.answer,
    });
    expect((await screen.findAllByText('Waiting for its turn'))[0]).toBeVisible();
    run.send(aRunning({ id: '7', stage: 'wait', bytes: null }));
    expect((await screen.findAllByText('Waiting for the helper pod'))[0]).toBeVisible();
    run.send(aRunning({ id: '7', stage: 'copy', bytes: 5 * 1024 ** 2 }));
    expect(await screen.findByText('5 MiB')).toBeVisible();
    expect(screen.getByRole('status')).toHaveTextContent('Copying the archive');
    cluster.answer('GET /backups', { backups: [aBackup({ id: '7' })], nextCursor: null });
    cluster.answer('GET /backups/7', aBackup({ id: '7' }));
    run.send(aBackup({ id: '7' }));
    expect(await screen.findByText('Succeeded')).toBeVisible();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('can be cancelled', async () => {
    const { cluster, user } = open({
      'GET /backups': { backups: [queued], nextCursor: null },
      'GET /backups/7': queued,
      'GET /backups/7/events': liveRun().answer,
      'POST /backups/7/cancel': aBackup({ id: '7', status: 'cancelled' }),
    });
    await user.click(
      await screen.findByRole('button', { name: 'Cancel the backup of shop/orders-db' })
    );
    await waitFor(() => expect(cluster.calls).toContain('POST /backups/7/cancel'));
  });
});
