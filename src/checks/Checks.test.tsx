import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fakeCluster, fakeStream, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';
import { aCheck, aComparison, checkList, startedCheck } from '../testing/restoreSamples';
import { aBackup, aFailed, aVolume, summaryOf, volumeList } from '../testing/samples';

const MIB = 1024 ** 2;

const open = (answers = {}, backup = aBackup({ id: '7' })) => {
  const cluster = fakeCluster({
    'GET /backups/7': backup,
    'GET /volumes/shop/orders-db': aVolume(),
    'GET /backups/7/checks': checkList([]),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, '/nkvm/backups/7?namespace=shop') };
};
const running = aCheck({
  status: 'running',
  stage: 'copy',
  bytes: MIB,
  endedAt: null,
  message: '',
});
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

describe('on the page of a backup, a person', () => {
  it('verifies the archive, and sees how far that is and how it ends', async () => {
    const stream = fakeStream();
    const { cluster, user } = open({
      'POST /backups/7/verify': startedCheck(running),
      'GET /checks/11': running,
      'GET /checks/11/events': stream.answer,
    });
    await screen.findByText(/^This backup has not been restored yet/);
    const verify = await screen.findByRole('button', { name: 'Verify now' });
    cluster.answer('GET /backups/7/checks', checkList([running]));
    await user.click(verify);
    expect(cluster.calls).toContain('POST /backups/7/verify');
    expect(await screen.findByText(/33 % · 1 MiB of 3 MiB/)).toBeVisible();
    expect(verify).toHaveAttribute('aria-disabled', 'true');
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    cluster.answer('GET /backups/7/checks', checkList([aCheck()]));
    cluster.answer('GET /checks/11', aCheck());
    stream.send('check', aCheck());
    await waitFor(() => expect(screen.getByText('The archive is as it was sealed')).toBeVisible());
    expect(verify).not.toHaveAttribute('aria-disabled');
  });

  it('keeps the details open that were opened before the list says that the check has ended', async () => {
    const stream = fakeStream();
    const { cluster } = open({
      'GET /backups/7/checks': checkList([running]),
      'GET /checks/11': running,
      'GET /checks/11/events': stream.answer,
    });
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    const ended = aCheck({ comparison: aComparison() });
    let goOn = () => {};
    const isHeld = new Promise<void>(resolve => (goOn = resolve));
    let isListed = false;
    cluster.answer('GET /backups/7/checks', async () => {
      await isHeld;
      isListed = true;
      return checkList([ended]);
    });
    cluster.answer('GET /checks/11', ended);
    stream.send('check', ended);
    const details = () => screen.getByText('Compared files').closest('details')!;
    await waitFor(() => expect(details()).not.toHaveAttribute('open'));
    details().open = true;
    goOn();
    await waitFor(() => expect(isListed).toBe(true));
    // Once the page has the list, it has no other check under way.
    await waitFor(() =>
      expect(screen.getByRole('button', { name: 'Verify now' })).not.toHaveAttribute(
        'aria-disabled'
      )
    );
    expect(details()).toHaveAttribute('open');
  });

  it('starts a drill with a command, once image and command are there', async () => {
    const drill = aCheck({ kind: 'drill', status: 'queued', stage: null, endedAt: null });
    const { cluster, user } = open({
      'POST /backups/7/drill': startedCheck(drill),
      'GET /checks/11': drill,
      'GET /checks/11/events': fakeStream().answer,
    });
    await user.click(await screen.findByRole('button', { name: 'Restore drill…' }));
    expect(screen.getByText(/and the claim is deleted again/)).toBeVisible();
    await user.type(screen.getByLabelText('Image'), 'busybox');
    const start = screen.getByRole('button', { name: 'Start the drill' });
    expect(start).toHaveAttribute('aria-disabled', 'true');
    await user.type(screen.getByLabelText('Command'), 'test -s db');
    cluster.answer('GET /backups/7/checks', checkList([drill]));
    await user.click(start);
    await waitFor(() =>
      expect(cluster.calls).toContain(
        'POST /backups/7/drill {"image":"busybox","command":["sh","-c","test -s db"]}'
      )
    );
    expect((await screen.findAllByText('Restore drill. Waiting for its turn'))[0]).toBeVisible();
  });

  it('starts one drill with a double click', async () => {
    const drill = aCheck({ kind: 'drill', status: 'queued', stage: null, endedAt: null });
    const { cluster, user } = open({ 'POST /backups/7/drill': startedCheck(drill) });
    await user.click(await screen.findByRole('button', { name: 'Restore drill…' }));
    await user.dblClick(screen.getByRole('button', { name: 'Start the drill' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(cluster.calls.filter(call => call.startsWith('POST'))).toEqual([
      'POST /backups/7/drill {}',
    ]);
  });

  it('reads what a drill found, and the output of its command', async () => {
    const drill = aCheck({
      kind: 'drill',
      status: 'failed',
      stage: 'checksum',
      reason: 'DrillCommandFailed',
      message: 'the check command ended with 1',
      hint: 'read its output',
      comparison: aComparison(),
      output: 'db is empty',
    });
    open({ 'GET /backups/7/checks': checkList([drill]) });
    expect(
      await screen.findByText('The check command ended with 1 (DrillCommandFailed)')
    ).toBeVisible();
    expect(screen.getByText(/Read its output/)).toBeVisible();
    expect(screen.getByText('db is empty')).toBeVisible();
  });

  it('reads when the backup was last proven', async () => {
    open({}, aBackup({ id: '7', provenRestorableAt: daysAgo(3) }));
    expect(await screen.findByText(/^Proven restorable/)).toHaveTextContent(
      'Proven restorable 3 days ago'
    );
    expect(screen.queryByText(/^This backup has not been restored yet/)).toBeNull();
  });

  it('reads which right is missing', async () => {
    const { user } = open({
      'POST /backups/7/verify': refusal(403, 'ann may not get persistentvolumeclaims/archive'),
    });
    await user.click(await screen.findByRole('button', { name: 'Verify now' }));
    expect(await screen.findByText(/Ann may not get persistentvolumeclaims/)).toBeVisible();
  });

  it('cancels a check once that is confirmed', async () => {
    const { cluster, user } = open({
      'GET /backups/7/checks': checkList([running]),
      'GET /checks/11': running,
      'GET /checks/11/events': fakeStream().answer,
      'POST /checks/11/cancel': () => {
        const cancelled = aCheck({ status: 'cancelled', message: '' });
        cluster.answer('GET /checks/11', cancelled);
        cluster.answer('GET /backups/7/checks', checkList([cancelled]));
        return cancelled;
      },
    });
    await user.click(await screen.findByRole('button', { name: /^Cancel\./ }));
    expect(cluster.calls).not.toContain('POST /checks/11/cancel');
    await user.click(await screen.findByRole('button', { name: 'Cancel the check' }));
    await waitFor(() => expect(screen.getByText('Cancelled')).toBeVisible());
    expect(cluster.calls).toContain('POST /checks/11/cancel');
  });

  it('checks no backup that has failed', async () => {
    open({}, aFailed({ id: '7' }));
    expect(await screen.findByText(/Failed while copying the archive/)).toBeVisible();
    expect(screen.queryByText('Proof over time')).toBeNull();
  });
});

it('the list of volumes shows when the last restore was proven, and leads there', async () => {
  const run = aBackup({ id: '7', endedAt: daysAgo(1) });
  const lastProvenRestore = {
    at: daysAgo(3),
    backup: '6',
    check: '11',
    kind: 'restore' as const,
  };
  const cluster = fakeCluster({
    'GET /volumes': volumeList([
      aVolume({ lastBackup: summaryOf(run), lastSuccess: summaryOf(run), lastProvenRestore }),
    ]),
  });
  openPage(cluster.name, '/nkvm/volumes');
  expect(await screen.findByText(/^Proven restorable/)).toHaveTextContent('3 days ago');
  expect(screen.getByRole('link', { name: '3 days ago' })).toHaveAttribute(
    'href',
    expect.stringMatching(/\/nkvm\/restores\/11\?namespace=shop$/)
  );
});
