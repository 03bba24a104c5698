import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openDetails, openPage } from '../testing/mount';
import {
  aHold,
  anUnprotected,
  aPolicy,
  aPopulate,
  aRetentionPlan,
  policyDetails,
  policyList,
} from '../testing/policySamples';
import { aRunning, aVolume, backupList, startedBackups, volumeList } from '../testing/samples';

const VOLUME = 'GET /volumes/shop/orders-db';
const POLICY = 'GET /policy/shop/orders-db';

const clusterWith = (answers: Parameters<typeof fakeCluster>[0]) =>
  fakeCluster({
    [VOLUME]: aVolume(),
    [POLICY]: policyDetails(),
    'GET /backups': backupList([]),
    'GET /volumes': volumeList([aVolume()]),
    'GET /policy': policyList([aPolicy()]),
    ...answers,
  });
const open = (answers: Parameters<typeof fakeCluster>[0] = {}) => {
  const cluster = clusterWith(answers);
  return { cluster, user: openPage(cluster.name, '/nkvm/volumes/shop/orders-db') };
};

describe('the page of a volume, with a schedule,', () => {
  it('shows the schedule, its source, its time zone and its next run', async () => {
    open();
    expect(await screen.findByText('Schedule and retention')).toBeVisible();
    expect(screen.getByText('Hourly')).toBeVisible();
    expect(screen.getByText('Label on the claim')).toBeVisible();
    expect(screen.getByText('17 * * * *')).toBeVisible();
    expect(screen.getByText('UTC')).toBeVisible();
    expect(screen.getByText(/^in \d+ minutes$/)).toBeVisible();
    expect(screen.getByText('Protected')).toBeVisible();
  });

  it('offers a full backup only where backups are increments', async () => {
    const asked: unknown[] = [];
    const { user } = open({
      [VOLUME]: aVolume({ lastSuccess: null }),
      [POLICY]: policyDetails(aPolicy({ makesIncrements: true })),
      'POST /backups': (sent: unknown) => {
        asked.push(sent);
        return startedBackups([aRunning({ id: '8' })]);
      },
    });
    await user.click(await screen.findByRole('button', { name: /^Back up in full/ }));
    await waitFor(() => expect(asked).toMatchObject([{ form: 'full' }]));
  });

  it('offers no full backup where all of them are', async () => {
    open({ [VOLUME]: aVolume({ lastSuccess: null }) });
    expect(await screen.findByText('Schedule and retention')).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Back up in full/ })).toBeNull();
  });

  it('is as it was where the service has no policies', async () => {
    open({ [POLICY]: refusal(404, 'Route GET:/api/v1/policy/shop/orders-db not found') });
    expect(await screen.findByText('This volume has never been backed up.')).toBeVisible();
    expect(screen.queryByText('Schedule and retention')).toBeNull();
    expect(screen.getByText('Not backed up')).toBeVisible();
  });

  it('does not take the policy of another claim with this name for its own state', async () => {
    open({ [POLICY]: policyDetails({ ...aPolicy(), uid: 'uid-before' }) });
    expect(await screen.findByText('Schedule and retention')).toBeVisible();
    expect(screen.getByText('Not backed up')).toBeVisible();
  });

  it('gives each reason, with what to do', async () => {
    const reasons = [
      {
        reason: 'InvalidLabel',
        message: 'the label backup has the value nightly',
        hint: 'use daily',
      },
    ];
    open({ [POLICY]: policyDetails(aPolicy({ state: 'invalid', reasons })) });
    expect(await screen.findByText(/^The label backup has the value nightly/)).toHaveTextContent(
      'Use daily.'
    );
  });

  it('shows 30 days that the keyboard walks through, and as a table', async () => {
    const { user } = open();
    const strip = await screen.findByRole('group', { name: 'Last 30 days' });
    const days = within(strip).getAllByRole('button');
    expect(days).toHaveLength(30);
    expect(days.filter(each => each.tabIndex === 0)).toEqual([days[29]]);
    days[29]!.focus();
    await user.keyboard('{ArrowLeft}');
    expect(days[28]).toHaveFocus();
    await user.keyboard('{Home}{ArrowLeft}');
    expect(days[0]).toHaveFocus();
    expect(days[16]).toHaveAccessibleName(/Missed\. 20 good backups, 4 missed backups$/);
    expect(days[17]).toHaveAccessibleName(/Overdue\. 24 missed backups$/);
    expect(screen.queryByRole('table', { name: 'Last 30 days' })).toBeNull();
    await user.click(screen.getByText('Show the days as a table'));
    const table = await screen.findByRole('table', { name: 'Last 30 days' });
    expect(within(table).getAllByRole('row')).toHaveLength(31);
  });

  it('shows which backups stay and why, as a picture and as a table', async () => {
    const { user } = open();
    const picture = await screen.findByRole('group', { name: 'Backups at local by age' });
    const marks = within(picture).getAllByRole('button');
    expect(marks).toHaveLength(aRetentionPlan().archives.length);
    expect(marks.at(-1)).toHaveAccessibleName(/· Kept \(last 1 of 3, hourly 0\)$/);
    const gone = marks.filter(each => /To be deleted/.test(each.getAttribute('aria-label')!));
    expect(gone).toHaveLength(3);
    await user.hover(gone[0]!);
    expect(await screen.findByRole('tooltip')).toHaveTextContent('no rule keeps it');
    expect(screen.getByText(/3 backups to be deleted \(60 MiB\)/)).toBeVisible();
    await user.click(screen.getByText('Show the backups as a table'));
    const table = await screen.findByRole('table', { name: 'Backups at local by age' });
    expect(within(table).getAllByRole('row')).toHaveLength(marks.length + 1);
  });

  it('lets a person accept a big change', async () => {
    const { cluster, user } = open({
      [POLICY]: policyDetails(aPolicy(), { plans: [aRetentionPlan({ hold: aHold() })] }),
    });
    expect(await screen.findByText('No backups are deleted at local.')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Accept the change of shop/orders-db' }));
    expect(cluster.objectCalls).toEqual([]);
    await user.click(await screen.findByRole('button', { name: 'Accept the change' }));
    await waitFor(() =>
      expect(cluster.objectCalls).toContainEqual({
        request: 'PATCH persistentvolumeclaims/shop/orders-db',
        sent: { metadata: { annotations: { 'nkvm.io/accept-change': 'run-0.5' } } },
      })
    );
  });

  it('lets a person approve the deletions of all volumes at the destination', async () => {
    const message = '36 of 80 archives would be deleted';
    const hold = aHold({ kind: 'share', message, hint: '', removed: 36 });
    const { cluster, user } = open({
      [POLICY]: policyDetails(aPolicy(), { plans: [aRetentionPlan({ hold })] }),
      'POST /retention/approve': {},
    });
    await user.click(await screen.findByRole('button', { name: 'Approve the deletion at local' }));
    const dialog = await screen.findByRole('dialog', { name: 'Delete 36 backups at local?' });
    await user.click(within(dialog).getByRole('button', { name: 'Approve the deletion' }));
    await waitFor(() =>
      expect(cluster.calls).toContain(
        'POST /retention/approve {"destination":"local","removed":36}'
      )
    );
  });

  it('resumes a schedule that the claim suspends, and names a namespace that does', async () => {
    const suspended = policyDetails(aPolicy({ state: 'suspended', suspended: true }));
    const { cluster, user } = open({
      [POLICY]: suspended,
      'GET persistentvolumeclaims/shop/orders-db': {
        metadata: { annotations: { 'nkvm.io/suspend': 'true' } },
      },
    });
    const resume = { name: 'Resume the schedule of shop/orders-db' };
    const button = await screen.findByRole('button', resume);
    cluster.answer('GET persistentvolumeclaims/shop/orders-db', { metadata: {} });
    await user.click(button);
    await waitFor(() =>
      expect(cluster.objectCalls).toContainEqual({
        request: 'PATCH persistentvolumeclaims/shop/orders-db',
        sent: { metadata: { annotations: { 'nkvm.io/suspend': null } } },
      })
    );
    expect(await screen.findByText(/^The namespace suspends this schedule/)).toBeVisible();
  });

  it('shows backups of other clusters, and lets a person choose one that was found', async () => {
    const choice = { createdAt: '2026-11-20T10:00:00.000Z', destination: 'local' };
    const choices = [
      { ...choice, backup: 'of-prod-1', cluster: 'prod-1', allowed: true },
      { ...choice, backup: 'of-dev', cluster: 'dev', allowed: false },
    ];
    const { cluster, user } = open({
      [VOLUME]: aVolume({ phase: 'Pending' }),
      [POLICY]: policyDetails(aPolicy({ state: 'held', populate: aPopulate({ choices }) })),
    });
    expect(await screen.findByText(/^Could be restored here/)).toBeVisible();
    expect(screen.getByText(/dev · local · of-dev$/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Restore a backup into shop/orders-db' }));
    await user.click(await screen.findByRole('radio', { description: /prod-1 · of-prod-1/ }));
    expect(screen.queryByRole('radio', { description: /of-dev/ })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Restore' }));
    await waitFor(() =>
      expect(cluster.objectCalls).toContainEqual({
        request: 'PATCH persistentvolumeclaims/shop/orders-db',
        sent: { metadata: { annotations: { 'nkvm.io/start': 'of-prod-1' } } },
      })
    );
  });

  it('shows what a restore waits for, and how to decide', async () => {
    open({
      [VOLUME]: aVolume({ phase: 'Pending' }),
      [POLICY]: policyDetails(aPolicy({ state: 'held', populate: aPopulate() })),
    });
    expect(
      await screen.findByRole('button', { name: 'Start empty – shop/orders-db' })
    ).toBeVisible();
    expect(screen.getAllByText('Needs a decision').length).toBeGreaterThan(1);
  });
});

describe("Headlamp's own pages", () => {
  it('show the schedule of a claim', async () => {
    const cluster = clusterWith({});
    openDetails(cluster.name, 'PersistentVolumeClaim', { namespace: 'shop', name: 'orders-db' });
    expect(await screen.findByText('Schedule and retention')).toBeVisible();
    expect(screen.queryByRole('group', { name: 'Last 30 days' })).toBeNull();
  });

  it('count the volumes of a namespace by state, and lead to them', async () => {
    const cluster = clusterWith({
      'GET /volumes': volumeList([aVolume(), aVolume({ name: 'media' })]),
      'GET /policy': policyList([aPolicy({ state: 'overdue' }), anUnprotected({ name: 'media' })]),
      'GET namespaces/shop': { metadata: { labels: { backup: 'daily' } } },
    });
    openDetails(cluster.name, 'Namespace', { namespace: '', name: 'shop' });
    expect(await screen.findByText('Overdue')).toBeVisible();
    const [overdue] = screen.getAllByRole('link', { name: /^1 volume/ });
    expect(overdue).toHaveAttribute('href', expect.stringMatching(/namespace=shop&state=overdue$/));
    expect(await screen.findByText('Schedule of the namespace, Daily')).toBeVisible();
    expect(cluster.calls).toContain('GET /policy?namespace=shop');
  });

  it('change the schedule of a namespace', async () => {
    const cluster = clusterWith({});
    const user = openDetails(cluster.name, 'Namespace', { namespace: '', name: 'shop' });
    await user.click(await screen.findByRole('button', { name: 'Schedule of namespace shop' }));
    await user.click(await screen.findByRole('radio', { name: 'Weekly' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() =>
      expect(cluster.objectCalls).toContainEqual({
        request: 'PATCH namespaces/shop',
        sent: { metadata: { labels: { backup: 'weekly' } } },
      })
    );
  });

  it('show the volumes of a workload with their states', async () => {
    const cluster = clusterWith({});
    openDetails(cluster.name, 'StatefulSet', { namespace: 'shop', name: 'orders' });
    const table = await screen.findByRole('table', { name: 'Volumes of orders' });
    expect(within(table).getByText('Protected')).toBeVisible();
    expect(within(table).getByText('Hourly')).toBeVisible();
  });

  it('say nothing of a workload without volumes', async () => {
    const cluster = clusterWith({});
    openDetails(cluster.name, 'Deployment', { namespace: 'shop', name: 'proxy' });
    await waitFor(() => expect(cluster.calls).toContain('GET /policy?namespace=shop'));
    expect(screen.queryByText('Backups')).toBeNull();
  });
});
