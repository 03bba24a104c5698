import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';
import { anUnprotected, aPolicy, aPopulate, policyList } from '../testing/policySamples';
import { aBackup, aVolume, backupList, summaryOf, unbound, volumeList } from '../testing/samples';

const backedUp = { lastBackup: summaryOf(aBackup()), lastSuccess: summaryOf(aBackup()) };
const orders = aVolume(backedUp);
const media = aVolume({ name: 'media' });

const open = (answers: Parameters<typeof fakeCluster>[0], query = '') => {
  const cluster = fakeCluster({
    'GET /volumes': volumeList([orders, media]),
    'GET /policy': policyList([aPolicy(), anUnprotected({ name: 'media' })]),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, `/nkvm/volumes${query}`) };
};
const rowOf = async (name: string) =>
  (await screen.findByRole('link', { name })).closest('tr') as HTMLElement;

describe('the list of volumes, with schedules,', () => {
  it('shows the protection of each volume, its schedule and its next backup', async () => {
    open({});
    const row = await rowOf('orders-db');
    expect(await within(row).findByText('Protected')).toBeVisible();
    expect(row).toHaveTextContent(/Hourly · next in \d+ minutes/);
    const other = await rowOf('media');
    expect(other).toHaveTextContent('Not backed up');
    expect(other).toHaveTextContent('No schedule');
  });

  it('is as it was where the service has no policies', async () => {
    open({ 'GET /policy': refusal(404, 'Route GET:/api/v1/policy not found') });
    const row = await rowOf('orders-db');
    expect(row).toHaveTextContent('Backup is old');
    expect(row).not.toHaveTextContent('schedule');
    expect(within(await rowOf('media')).queryByRole('button', { name: /^More/ })).toBeNull();
  });

  it('says why a volume is overdue', async () => {
    const reasons = [{ reason: 'Overdue', message: 'the run of 10:17 failed 3 times', hint: null }];
    open({ 'GET /policy': policyList([aPolicy({ state: 'overdue', reasons })]) });
    const row = await rowOf('orders-db');
    expect(await within(row).findByText('Overdue')).toBeVisible();
    expect(row).toHaveTextContent('The run of 10:17 failed 3 times');
  });

  it('shows the volumes of one state, until somebody asks for all', async () => {
    const { user } = open({}, '?state=never');
    expect(await rowOf('media')).toBeVisible();
    await waitFor(() => expect(screen.queryByRole('link', { name: 'orders-db' })).toBeNull());
    expect(screen.getByText('Only Not backed up')).toBeVisible();
    await user.click(screen.getByTestId('CancelIcon'));
    expect(await rowOf('orders-db')).toBeVisible();
  });
});

describe('the schedule of a volume', () => {
  const choose = async (user: ReturnType<typeof open>['user'], title: string) => {
    await user.click(
      await screen.findByRole('button', { name: 'More actions for shop/orders-db' })
    );
    await user.click(await screen.findByRole('menuitem', { name: 'Schedule…' }));
    await user.click(await screen.findByRole('radio', { name: title }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
  };

  it('is written as the label of the claim, by the person', async () => {
    const { cluster, user } = open({});
    await choose(user, 'Daily');
    expect(await screen.findByText(/^The label backup of 1 object/)).toBeVisible();
    expect(cluster.objectCalls).toContainEqual({
      request: 'PATCH persistentvolumeclaims/shop/orders-db',
      sent: { metadata: { labels: { backup: 'daily' } } },
    });
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  });

  it('is removed with the label', async () => {
    const { cluster, user } = open({
      'GET persistentvolumeclaims/shop/orders-db': { metadata: { labels: { backup: 'hourly' } } },
    });
    await choose(user, 'No label');
    await waitFor(() =>
      expect(cluster.objectCalls).toContainEqual({
        request: 'PATCH persistentvolumeclaims/shop/orders-db',
        sent: { metadata: { labels: { backup: null } } },
      })
    );
  });

  it('stays open with the words of the API server when it refuses', async () => {
    const message = 'persistentvolumeclaims "orders-db" is forbidden: User "ann" cannot patch';
    const { user } = open({
      'PATCH persistentvolumeclaims/shop/orders-db': refusal(403, message),
    });
    await choose(user, 'Weekly');
    const dialog = await screen.findByRole('dialog');
    expect(await within(dialog).findByText(/User "ann" cannot patch/)).toBeVisible();
    expect(screen.queryByText(/was changed/)).toBeNull();
  });

  it.each<[string, () => Response, RegExp]>([
    [
      'no answer came',
      () => {
        throw new TypeError('Failed to fetch');
      },
      /No answer of the API server came \(.*\), so it may have been done/,
    ],
    ['a proxy timed out', () => refusal(504, 'timeout'), /so it may have been done/],
    ['the session ended', () => refusal(401, 'Unauthorized'), /session of Headlamp has ended/],
    [
      'a login proxy answered with its page',
      () => new Response('<html>Log in', { headers: { 'Content-Type': 'text/html' } }),
      /answered with its login page/,
    ],
  ])('is neither changed nor refused when %s', async (_, answer, expected) => {
    const { user } = open({ 'PATCH persistentvolumeclaims/shop/orders-db': answer });
    await choose(user, 'Weekly');
    const dialog = await screen.findByRole('dialog');
    expect(await within(dialog).findByText(expected)).toBeVisible();
    expect(within(dialog).getByText(/^The change of 1 objects? was not confirmed/)).toBeVisible();
    expect(screen.queryByText(/refused|was changed/)).toBeNull();
  });

  it('warns when something else manages the labels', async () => {
    const { user } = open({
      'GET persistentvolumeclaims/shop/orders-db': {
        metadata: {
          labels: { backup: 'hourly' },
          managedFields: [{ manager: 'argocd-controller' }],
        },
      },
    });
    await user.click(
      await screen.findByRole('button', { name: 'More actions for shop/orders-db' })
    );
    await user.click(await screen.findByRole('menuitem', { name: 'Schedule…' }));
    expect(await screen.findByText(/^Argo CD manages this object/)).toBeVisible();
    expect(screen.getByRole('radio', { name: 'Hourly' })).toBeChecked();
  });

  it('is suspended from the menu of its row', async () => {
    const { cluster, user } = open({});
    await user.click(
      await screen.findByRole('button', { name: 'More actions for shop/orders-db' })
    );
    await user.click(await screen.findByRole('menuitem', { name: 'Suspend the schedule' }));
    await waitFor(() =>
      expect(cluster.objectCalls).toContainEqual({
        request: 'PATCH persistentvolumeclaims/shop/orders-db',
        sent: { metadata: { annotations: { 'nkvm.io/suspend': 'true' } } },
      })
    );
  });

  it('is resumed from the menu of its row, where the claim suspends it', async () => {
    const suspended = policyList([aPolicy({ state: 'suspended', suspended: true })]);
    const { cluster, user } = open({
      'GET /policy': suspended,
      'GET persistentvolumeclaims/shop/orders-db': { metadata: {} },
    });
    const resume = async () => {
      const more = { name: 'More actions for shop/orders-db' };
      await user.click(await screen.findByRole('button', more));
      await user.click(await screen.findByRole('menuitem', { name: 'Resume the schedule' }));
    };
    await resume();
    expect(await screen.findByText(/^The namespace suspends this schedule/)).toBeVisible();
    expect(cluster.objectCalls.filter(({ request }) => request.startsWith('PATCH'))).toEqual([]);
    const metadata = { annotations: { 'nkvm.io/suspend': 'true' } };
    cluster.answer('GET persistentvolumeclaims/shop/orders-db', { metadata });
    await resume();
    await waitFor(() =>
      expect(cluster.objectCalls).toContainEqual({
        request: 'PATCH persistentvolumeclaims/shop/orders-db',
        sent: { metadata: { annotations: { 'nkvm.io/suspend': null } } },
      })
    );
  });

  it('is chosen for several volumes at once, and the refused ones are named', async () => {
    const { cluster, user } = open({
      // One that cannot be backed up now.
      'GET /volumes': volumeList([orders, aVolume({ name: 'media', obstacle: unbound })]),
      'PATCH persistentvolumeclaims/shop/media': refusal(409, 'the object has been modified'),
    });
    await within(await rowOf('orders-db')).findByText('Protected');
    for (const name of ['orders-db', 'media']) {
      await user.click(within(await rowOf(name)).getByRole('checkbox'));
    }
    await user.click(await screen.findByRole('button', { name: 'Schedule of 2 volumes' }));
    await user.click(await screen.findByRole('radio', { name: 'Hourly' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText(/^The API server refused the change of 1 object/)).toBeVisible();
    expect(screen.getByText(/shop\/media – The object has been modified/)).toBeVisible();
    const patched = cluster.objectCalls.filter(({ request }) => request.startsWith('PATCH'));
    expect(patched.map(({ request }) => request).sort()).toEqual([
      'PATCH persistentvolumeclaims/shop/media',
      'PATCH persistentvolumeclaims/shop/orders-db',
    ]);
  });
});

describe('a claim that waits for its restore', () => {
  const waiting = { phase: 'Pending' as const, obstacle: unbound };
  const openPending = (differs: Parameters<typeof aPopulate>[0] = {}) =>
    open({
      'GET /volumes': volumeList([aVolume(waiting)]),
      'GET /policy': policyList([aPolicy({ state: 'held', populate: aPopulate(differs) })]),
      'GET /backups': backupList([aBackup({ id: '7' })]),
    });
  const patched = (start: string) => ({
    request: 'PATCH persistentvolumeclaims/shop/orders-db',
    sent: { metadata: { annotations: { 'nkvm.io/start': start } } },
  });

  it('says what it waits for', async () => {
    openPending({ state: 'waiting', message: 'destination offsite does not answer' });
    const section = await screen.findByRole('region', { name: 'Waiting for restore' });
    expect(section).toHaveTextContent('Destination offsite does not answer');
    expect(section).toHaveTextContent('Waiting since');
    expect(await rowOf('orders-db')).toHaveTextContent('Waiting for restore');
  });

  it('starts empty only when a person has read what happens', async () => {
    const { cluster, user } = openPending();
    await user.click(await screen.findByRole('button', { name: 'Start empty – shop/orders-db' }));
    const dialog = await screen.findByRole('dialog', { name: 'Start shop/orders-db empty?' });
    expect(dialog).toHaveTextContent('pods start without data');
    expect(dialog).toHaveTextContent('retention never deletes them');
    expect(cluster.objectCalls).toEqual([]);
    await user.click(within(dialog).getByRole('button', { name: 'Start empty' }));
    await waitFor(() => expect(cluster.objectCalls).toContainEqual(patched('empty')));
  });

  it('is restored from the backup that a person chooses', async () => {
    const { cluster, user } = openPending();
    await user.click(
      await screen.findByRole('button', { name: 'Restore a backup into shop/orders-db' })
    );
    await user.click(await screen.findByRole('radio', { name: /2026/ }));
    await user.click(screen.getByRole('button', { name: 'Restore' }));
    await waitFor(() => expect(cluster.objectCalls).toContainEqual(patched('7')));
  });

  it('cannot be decided about while it is restored', async () => {
    openPending({ state: 'restoring', restore: '9', message: 'the volume is restored' });
    expect(await screen.findByRole('link', { name: 'Show the restore' })).toBeVisible();
    expect(screen.queryByRole('button', { name: /empty/ })).toBeNull();
  });
});
