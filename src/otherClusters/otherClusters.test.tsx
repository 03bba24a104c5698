import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import {
  clusterList,
  otherCluster,
  ownCluster,
  refusedCluster,
  unreachableCluster,
} from '../testing/clusterSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';
import { aPolicy, policyList } from '../testing/policySamples';
import { aPlan, aRestoring, startedRestore } from '../testing/restoreSamples';
import {
  aBackup,
  aFailed,
  aRunning,
  aVolume,
  backupList,
  startedBackups,
  summaryOf,
  volumeList,
} from '../testing/samples';

type Answers = Parameters<typeof fakeCluster>[0];

const theirs = aVolume({ name: 'reports', lastSuccess: summaryOf(aBackup({ id: '7' })) });
const AWAY = refusal(503, 'cluster site-c cannot be read now: connect ECONNREFUSED');

/** One answer for each cluster that a request names. */
const byCluster =
  (answers: Record<string, object>) =>
  (_: unknown, { search }: { search: string }) => {
    const named = new URLSearchParams(search).get('cluster') ?? '';
    return answers[named] ?? refusal(404, `there is no cluster ${named}`);
  };

const open = (path: string, answers: Answers = {}) => {
  const cluster = fakeCluster({
    'GET /clusters': clusterList([
      ...[ownCluster(), otherCluster(), unreachableCluster(), refusedCluster()],
    ]),
    'GET /volumes': byCluster({
      '': volumeList([aVolume()]),
      'site-b': volumeList([theirs]),
      'site-c': AWAY,
    }),
    'GET /policy': byCluster({
      '': policyList([aPolicy()]),
      'site-b': policyList([aPolicy({ name: 'reports', uid: theirs.uid })]),
      'site-c': AWAY,
    }),
    'GET /backups': byCluster({
      '': backupList([]),
      'site-b': backupList([aBackup({ id: '7', name: 'reports', cluster: 'site-b' })]),
      'site-c': AWAY,
    }),
    'GET /backups/7': aBackup({ id: '7', name: 'reports', cluster: 'site-b' }),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, path) };
};
type User = ReturnType<typeof open>['user'];

async function choose(user: User, name: string): Promise<void> {
  await user.click(await screen.findByLabelText('Cluster'));
  await user.click(await screen.findByRole('option', { name: new RegExp(`^${name}`) }));
}
const rowOf = async (name: string) =>
  within((await screen.findByRole('link', { name })).closest('tr') as HTMLElement);
const href = (link: HTMLElement) => link.getAttribute('href');

describe('volumes of another cluster', () => {
  it('are shown when it is chosen, and so are its state, and the clusters that can be', async () => {
    const { cluster, user } = open('/nkvm/volumes');
    await rowOf('orders-db');
    await user.click(await screen.findByLabelText('Cluster'));
    const options = (await screen.findAllByRole('option')).map(each => each.textContent);
    expect(options).toEqual([cluster.name, 'site-b', 'site-cUnreachable', 'All clusters']);
    await user.click(screen.getByRole('option', { name: 'site-b' }));
    const row = await rowOf('reports');
    expect(window.location.search).toBe('?cluster=site-b');
    expect(screen.queryByRole('link', { name: 'orders-db' })).toBeNull();
    expect(href(row.getByRole('link', { name: 'reports' }))).toMatch(
      /\/nkvm\/volumes\/shop\/reports\?cluster=site-b$/
    );
  });

  it('lead to no page of Headlamp, which shows another cluster, and have no labels to change', async () => {
    const { user } = open('/nkvm/volumes?cluster=site-b');
    const row = await rowOf('reports');
    expect(row.queryByRole('link', { name: 'shop' })).toBeNull();
    await user.click(row.getByRole('button', { name: /^More actions/ }));
    const menu = await screen.findByRole('menu');
    expect(within(menu).getByText('Restore…').closest('a')).toHaveAttribute(
      'href',
      expect.stringMatching(/cluster=site-b/)
    );
    expect(within(menu).queryByText('Schedule…')).toBeNull();
  });

  it('are backed up there', async () => {
    const started = aRunning({ id: '9', name: 'reports', uid: theirs.uid, cluster: 'site-b' });
    const { cluster, user } = open('/nkvm/volumes?cluster=site-b', {
      'POST /backups': startedBackups([started]),
      'GET /backups/9': started,
    });
    const row = await rowOf('reports');
    await user.click(row.getByRole('button', { name: /^Back up/ }));
    await user.click(await screen.findByRole('button', { name: 'Watch' }));
    await screen.findByText('Cluster site-b');
    expect(window.location.search).toBe('?namespace=shop&cluster=site-b');
    expect(cluster.calls).toContain(
      'POST /backups {"cluster":"site-b","volumes":[{"namespace":"shop","name":"reports"}]}'
    );
  });

  it('are beside those of the others, also where one of these does not answer', async () => {
    const { user } = open('/nkvm/volumes');
    await choose(user, 'All clusters');
    await rowOf('reports');
    await rowOf('orders-db');
    expect(screen.getAllByText('site-b').length).toBeGreaterThan(0);
    expect(await screen.findByText(/cluster site-c cannot be read now/i)).toBeVisible();
  });

  it('are not offered where NKVM backs up one cluster only', async () => {
    open('/nkvm/volumes', { 'GET /clusters': clusterList([ownCluster()]) });
    await rowOf('orders-db');
    expect(screen.queryByLabelText('Cluster')).toBeNull();
  });

  it('of a cluster that does not answer are an error with its name', async () => {
    open('/nkvm/volumes?cluster=site-c');
    expect(await screen.findByText(/Cluster site-c cannot be read now/)).toBeVisible();
  });
});

describe('backups of another cluster', () => {
  it('are listed, and lead to pages that name it', async () => {
    const { user } = open('/nkvm/backups');
    await choose(user, 'site-b');
    const row = await rowOf('reports');
    expect(href(row.getByRole('link', { name: /ago$/ }))).toMatch(
      /backups\/7\?namespace=shop&cluster=site-b$/
    );
  });

  it('say of which cluster they are, also where the address does not', async () => {
    open('/nkvm/backups/7?namespace=shop');
    expect(await screen.findByText('Cluster site-b')).toBeVisible();
  });

  it('name it when its API server was away', async () => {
    const message = 'cluster site-c cannot be reached: connect ECONNREFUSED';
    open('/nkvm/backups/8?cluster=site-c', {
      'GET /backups/8': aFailed({
        ...{ id: '8', cluster: 'site-c', reason: 'ClusterUnreachable', message },
      }),
    });
    expect(await screen.findByText('Cluster site-c')).toBeVisible();
    expect(await screen.findByText(/^Cluster site-c cannot be reached/)).toBeVisible();
    expect(await screen.findByText(/^Cluster site-c does not answer\./)).toBeVisible();
  });
});

describe('a restore of a backup of another cluster', () => {
  const WHERE = 'backup=7&namespace=shop&volume=reports&step=where&cluster=site-b';
  const requests = (calls: string[], path: string) =>
    calls.filter(call => call.startsWith(`POST ${path} {`)).map(call => call.split(' ')[2] ?? '');

  it('goes into the cluster that is chosen, and the page of its run is there', async () => {
    const { cluster, user } = open(`/nkvm/restore?${WHERE}`, {
      'POST /restores/plan': aPlan(),
      'POST /restores': startedRestore(aRestoring({ id: '9' })),
      'GET /restores/9': aRestoring({ id: '9' }),
    });
    await user.click(await screen.findByLabelText('Cluster to restore into'));
    await user.click(await screen.findByRole('option', { name: cluster.name }));
    expect(screen.getByRole('radio', { name: /^The original claim/ })).toBeDisabled();
    await waitFor(() => expect(screen.getByLabelText('Name')).toHaveValue('reports-restored'));
    await user.click(await screen.findByRole('button', { name: 'See what will happen' }));
    expect(await screen.findByText('Into cluster')).toBeVisible();
    await user.click(await screen.findByRole('button', { name: 'Start the restore' }));
    await waitFor(() => expect(window.location.pathname).toMatch(/\/nkvm\/restores\/9$/));
    expect(window.location.search).toBe('?namespace=shop');
    expect(requests(cluster.calls, '/restores').map(body => JSON.parse(body))).toEqual([
      expect.not.objectContaining({ cluster: expect.anything() }),
    ]);
  });

  it('goes into the same cluster, where nothing is chosen', async () => {
    const { cluster, user } = open(`/nkvm/restore?${WHERE}`, { 'POST /restores/plan': aPlan() });
    await waitFor(() => expect(screen.getByLabelText('Name')).toHaveValue('reports-restored'));
    await user.click(await screen.findByRole('button', { name: 'See what will happen' }));
    await screen.findByRole('button', { name: 'Start the restore' });
    expect(window.location.search).toContain('cluster=site-b');
    const planned = requests(cluster.calls, '/restores/plan').map(body => JSON.parse(body).cluster);
    expect(new Set(planned)).toEqual(new Set(['site-b']));
  });
});
