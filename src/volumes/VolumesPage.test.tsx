import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openNamespaceCommand } from '../../sidecar/api/names.ts';
import { cutOff, fakeCluster, fakeStream, refusal, TOKEN_REQUEST } from '../testing/fakeCluster';
import { openPage, selectNamespaces } from '../testing/mount';
import {
  aBackup,
  aCopy,
  aFailed,
  aRunning,
  aVolume,
  blockDevice,
  closedNamespace,
  startedBackups,
  summaryOf,
  unbound,
  volumeList,
} from '../testing/samples';
import { forgetClocks } from '../ui/time/clock';

const PAGE = '/nkvm/volumes';
const open = (answers: Parameters<typeof fakeCluster>[0]) => {
  const cluster = fakeCluster(answers);
  return { cluster, user: openPage(cluster.name, PAGE) };
};
const never = () => new Promise<Response>(() => undefined);
const rowOf = async (name: string) =>
  (await screen.findByRole('link', { name })).closest('tr') as HTMLElement;

describe('Volumes & Backups, before there is a list,', () => {
  it('shows that it loads', async () => {
    open({ 'GET /volumes': never });
    expect(await screen.findByRole('progressbar')).toBeVisible();
  });

  it('says how to install the sidecar where it is not', async () => {
    const absent = refusal(404, 'services "nkvm" not found');
    open({ [TOKEN_REQUEST]: refusal(404, 'namespaces "nkvm" not found'), 'GET /info': absent });
    expect(await screen.findByText('Backups are not set up in this cluster')).toBeVisible();
    expect(screen.getByText(/^kubectl apply -k .*deploy\/k8s/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'See what is installed' })).toHaveAttribute(
      'href',
      expect.stringContaining('deploy/k8s')
    );
  });

  const noAdmin = { [TOKEN_REQUEST]: refusal(403, 'serviceaccounts "nkvm-admin" is forbidden') };

  it('names the right that is missing for a token, and whom to ask', async () => {
    const forbidden = refusal(403, 'serviceaccounts "nkvm-user" is forbidden');
    open({ ...noAdmin, 'POST default/nkvm-user token': forbidden });
    expect(
      await screen.findByText(
        'You don’t have permission to create serviceaccounts/token for nkvm-user in namespace default.'
      )
    ).toBeVisible();
    expect(screen.getByText(/Settings, Cluster, Allowed namespaces/)).toBeVisible();
    expect(screen.getByText(/^kubectl create serviceaccount nkvm-user -n default/)).toBeVisible();
    expect(screen.getByText(/^kubectl auth can-i create serviceaccounts\/nkvm-user/)).toBeVisible();
  });

  it('asks in the namespaces that Headlamp is set to allow', async () => {
    const cluster = fakeCluster({
      ...noAdmin,
      'POST bank/nkvm-user token': { status: { token: 'minted' } },
      'GET /volumes': volumeList([aVolume({ namespace: 'bank' })]),
    });
    const key = `cluster_settings.${cluster.name}`;
    localStorage.setItem(key, '{"allowedNamespaces":["bank"]}');
    onTestFinished(() => localStorage.removeItem(key));
    openPage(cluster.name, PAGE);
    await rowOf('orders-db');
    expect(cluster.calls).toContain('GET /volumes?namespace=bank');
  });

  it('names the right that is missing on the way through the API server', async () => {
    open({
      'GET /volumes': refusal(403, 'services "nkvm:http" is forbidden: User "ann" cannot …'),
    });
    expect(
      await screen.findByText(
        'You don’t have permission to get services/proxy for nkvm:http in namespace nkvm.'
      )
    ).toBeVisible();
  });

  it('gives the commands that create a missing account', async () => {
    const missing = refusal(404, 'serviceaccounts "nkvm-user" not found');
    open({ ...noAdmin, 'POST default/nkvm-user token': missing });
    expect(
      await screen.findByText('ServiceAccount nkvm-user is missing in namespace default.')
    ).toBeVisible();
    expect(screen.getByText(/^kubectl create serviceaccount nkvm-user -n default/)).toBeVisible();
  });

  it('sends people to the login whose session of Headlamp has ended', async () => {
    const unauthorized = refusal(401, 'Unauthorized');
    const { cluster } = open({ [TOKEN_REQUEST]: unauthorized });
    cluster.person = undefined;
    expect(await screen.findByText('You are not logged in')).toBeVisible();
  });

  it('refuses what Headlamp answers from its cache, and names the flag', async () => {
    const headers = { 'X-HEADLAMP-CACHE': 'true' };
    const cached = new Response(JSON.stringify(volumeList([aVolume()])), { headers });
    open({ 'GET /volumes': cached });
    expect(await screen.findByText(/without the flag -cache-enabled/)).toBeVisible();
    expect(screen.queryByRole('link', { name: 'orders-db' })).toBeNull();
  });

  it('says that the sidecar does not answer, and why', async () => {
    open({ 'GET /volumes': refusal(503, 'no endpoints available for service "nkvm:http"') });
    expect(await screen.findByText('Can’t reach the backup service')).toBeVisible();
    expect(screen.getByText('No endpoints available for service "nkvm:http"')).toBeVisible();
  });

  it('says that the API server cannot reach the pod, and how to find out why', async () => {
    const message = 'error trying to reach service: Address is not allowed';
    open({ 'GET /volumes': refusal(503, message) });
    expect(await screen.findByText('The API server cannot reach the backup service')).toBeVisible();
    expect(screen.getByText(/Address is not allowed/)).toBeVisible();
    expect(screen.getByText('kubectl get networkpolicies -n nkvm')).toBeVisible();
    expect(screen.queryByText(/It may be starting/)).toBeNull();
  });

  it('passes on what the sidecar says of a right', async () => {
    const message = 'user ann may not list persistentvolumeclaims in namespace shop';
    open({ 'GET /volumes': refusal(403, message) });
    expect(await screen.findByText('You don’t have access to this')).toBeVisible();
    expect(screen.getByText(/^User ann may not list/)).toBeVisible();
  });

  it('looks again when somebody asks for it, with new tokens', async () => {
    const { cluster, user } = open({ 'GET /volumes': refusal(500, 'see the log, error 7f31') });
    expect(await screen.findByText('See the log, error 7f31')).toBeVisible();
    cluster.answer(TOKEN_REQUEST, { status: { token: 'another' } });
    cluster.answer('GET /volumes', volumeList([aVolume()]));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('link', { name: 'orders-db' })).toBeVisible();
    expect(cluster.sent.at(-1)?.token).toBe('another');
  });

  it('stays what it is while it is asked again', async () => {
    const { cluster, user } = open({ 'GET /volumes': refusal(500, 'see the log, error 7f31') });
    expect(await screen.findByText('See the log, error 7f31')).toBeVisible();
    cluster.answer('GET /volumes', never);
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(screen.getByText('See the log, error 7f31')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Try again' })).toHaveFocus();
  });

  it('asks for the list, and for schedules and other clusters beside it: nothing has to be known before', async () => {
    const { cluster } = open({ 'GET /volumes': volumeList([aVolume()]) });
    await rowOf('orders-db');
    expect(cluster.calls.filter(call => call !== 'GET /volumes/events')).toEqual([
      'GET /clusters',
      'GET /volumes',
      'GET /policy',
    ]);
  });

  it('says what will be shown in an empty cluster', async () => {
    open({ 'GET /volumes': volumeList([]) });
    expect(await screen.findByText('No volumes yet')).toBeVisible();
  });
});

describe('the list of volumes', () => {
  it('shows a volume, its namespace, what uses it and its size', async () => {
    open({ 'GET /volumes': volumeList([aVolume()]) });
    const row = within(await rowOf('orders-db'));
    expect(row.getByRole('link', { name: 'orders-db' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/volumes\/shop\/orders-db$/)
    );
    expect(row.getByRole('link', { name: 'shop' })).toBeVisible();
    expect(row.getByRole('link', { name: 'orders' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/statefulsets\/shop\/orders$/)
    );
    expect(row.getByText('10 GiB')).toBeVisible();
  });

  it('is that of the namespace at hand for those who may not have the token for all', async () => {
    const { cluster } = open({
      [TOKEN_REQUEST]: refusal(403, 'serviceaccounts "nkvm-admin" is forbidden'),
      'POST default/nkvm-user token': { status: { token: 'minted' } },
      'GET /volumes': volumeList([aVolume({ namespace: 'default' })]),
    });
    await rowOf('orders-db');
    expect(cluster.calls).toContain('GET /volumes?namespace=default');
  });

  it('has the volumes of the chosen namespaces alone, without another download', async () => {
    const volumes = [aVolume(), aVolume({ namespace: 'bank', name: 'ledger' })];
    const { cluster } = open({ 'GET /volumes': volumeList(volumes) });
    await rowOf('ledger');
    const asked = cluster.calls.length;
    selectNamespaces('bank');
    await waitFor(() => expect(screen.queryByRole('link', { name: 'orders-db' })).toBeNull());
    expect(screen.getByRole('link', { name: 'ledger' })).toBeVisible();
    expect(cluster.calls).toHaveLength(asked);
  });

  it('says that the chosen namespaces have no volumes only where it knows', async () => {
    selectNamespaces('dev');
    open({ 'GET /volumes': volumeList([aVolume()]) });
    expect(await screen.findByText('The selected namespaces have no volumes.')).toBeVisible();
  });

  it('names the namespaces that could not be read', async () => {
    selectNamespaces('bank', 'shop');
    open({
      [TOKEN_REQUEST]: refusal(403, 'serviceaccounts "nkvm-admin" is forbidden'),
      'POST shop/nkvm-user token': { status: { token: 'minted' } },
      'POST bank/nkvm-user token': refusal(403, 'forbidden'),
      'GET /volumes': volumeList([]),
    });
    const warning = (await screen.findByText('bank')).closest('[role=alert]');
    expect(warning).toHaveTextContent('serviceaccounts/token for nkvm-user in namespace bank');
    expect(screen.getByText(/^No volumes to show/)).toBeVisible();
    expect(screen.queryByText('The selected namespaces have no volumes.')).toBeNull();
  });

  it('says that it is incomplete', async () => {
    open({ 'GET /volumes': volumeList([aVolume()], { incomplete: true }) });
    await rowOf('orders-db');
    expect(screen.getByText(/^This list is incomplete/)).toBeVisible();
  });

  it('says what the sidecar cannot read now', async () => {
    const stale = ['pods cannot be read since 10:04: Forbidden'];
    open({ 'GET /volumes': volumeList([aVolume()], { stale }) });
    await rowOf('orders-db');
    expect(screen.getByText(/may be out of date. Pods cannot be read since/)).toBeVisible();
  });

  it('shows several clusters, and which of them cannot be asked', async () => {
    const first = fakeCluster({ 'GET /volumes': volumeList([aVolume()]) });
    openPage(`${first.name}+another`, PAGE);
    const rows = await screen.findAllByRole('link', { name: 'orders-db' });
    expect(rows).toHaveLength(2);
    expect(screen.getByRole('cell', { name: first.name })).toBeVisible();
    expect(screen.getByRole('cell', { name: 'another' })).toBeVisible();
    expect(rows[0]).toHaveAttribute('href', expect.stringContaining(`/c/${first.name}+another/`));
  });

  it('shows every owner of a shared volume, and a custom one without a link', async () => {
    const owners = [
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'uploads' },
      { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg' },
    ];
    open({ 'GET /volumes': volumeList([aVolume({ owner: { kind: 'Multiple', owners } })]) });
    const row = within(await rowOf('orders-db'));
    expect(row.getByRole('link', { name: 'uploads' })).toBeVisible();
    expect(row.queryByRole('link', { name: 'pg' })).toBeNull();
    expect(row.getByText(/^pg/)).toBeVisible();
  });

  it('says why no workload is known to use a volume', async () => {
    const reason = 'no pod and no pod template uses this claim';
    const { user } = open({
      'GET /volumes': volumeList([aVolume({ owner: { kind: 'Unknown', reason } })]),
    });
    await user.hover(within(await rowOf('orders-db')).getByText('Not in use'));
    expect(await screen.findByText(reason)).toBeVisible();
  });

  it('says nothing about workloads to those who may not see pods', async () => {
    const owner = { kind: 'Unknown' as const, reason: '' };
    open({ 'GET /volumes': volumeList([aVolume({ owner, pods: [], podsVisible: false })]) });
    expect(within(await rowOf('orders-db')).getByText('No access')).toBeVisible();
  });

  const success = (endedAt: string, id = '01jd5') => summaryOf(aBackup({ id, endedAt }));
  const now = () => new Date().toISOString();

  it.each([
    ['Not backed up', {}],
    ['Backed up', { lastBackup: success(now()), lastSuccess: success(now()) }],
    [
      'Backup is old',
      {
        lastBackup: success('2020-01-01T00:00:00.000Z'),
        lastSuccess: success('2020-01-01T00:00:00.000Z'),
      },
    ],
    ['Backup failed', { lastBackup: summaryOf(aFailed()) }],
    ['Incomplete', { lastBackup: summaryOf(aFailed({ copies: [aCopy()] })) }],
    ['with warnings', { lastSuccess: summaryOf(aBackup({ warnings: ['a file changed'] })) }],
    [
      'local, offsite',
      {
        lastSuccess: summaryOf(aBackup({ copies: [aCopy(), aCopy({ destination: 'offsite' })] })),
      },
    ],
    ['Backing up', { lastBackup: summaryOf(aRunning()) }],
    ['No access', { backupsVisible: false }],
  ])('says of a volume: %s', async (state, differs) => {
    open({ 'GET /volumes': volumeList([aVolume(differs)]) });
    expect(within(await rowOf('orders-db')).getAllByText(state, { exact: false })[0]).toBeVisible();
  });

  it('dates a volume by its last good backup, and adds what was tried since', async () => {
    vi.setSystemTime('2026-11-20T10:05:06.000Z');
    onTestFinished(() => void vi.useRealTimers());
    const lastSuccess = success('2026-11-20T08:05:00.000Z', '01jd4');
    const lastBackup = summaryOf(aFailed());
    open({ 'GET /volumes': volumeList([aVolume({ lastBackup, lastSuccess })]) });
    const row = within(await rowOf('orders-db'));
    expect(row.getByText('Backup failed')).toBeVisible();
    expect(row.getByRole('link', { name: '2 hours ago' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/backups\/01jd4\?namespace=shop$/)
    );
    expect(row.getByText(/^Failed/)).toHaveTextContent('Failed 5 minutes ago');
    expect(row.getByRole('link', { name: '5 minutes ago' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/backups\/01jd5\?namespace=shop$/)
    );
  });

  it('sorts by urgency, then by the last good backup', async () => {
    const volumes = [
      aVolume({ name: 'new', lastSuccess: success('2026-11-20T10:00:00.000Z') }),
      aVolume({
        name: 'never',
        lastBackup: summaryOf(aFailed({ endedAt: '2026-11-21T00:00:00.000Z' })),
      }),
      aVolume({ name: 'old', lastSuccess: success('2026-11-01T10:00:00.000Z') }),
    ];
    const { user } = open({ 'GET /volumes': volumeList(volumes) });
    await rowOf('new');
    await user.click(screen.getByText('State'));
    const names = () =>
      screen.getAllByRole('link', { name: /^(new|never|old)$/ }).map(each => each.textContent);
    await waitFor(() => expect(names()).toEqual(['never', 'old', 'new']));
  });

  it('gives the command that opens a closed namespace', async () => {
    const { user } = open({ 'GET /volumes': volumeList([aVolume({ obstacle: closedNamespace })]) });
    await user.click(
      await screen.findByRole('button', { name: 'Allow backups in namespace shop' })
    );
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(openNamespaceCommand('shop'))).toBeVisible();
  });

  it('says why a volume cannot be backed up, and what to do', async () => {
    const { user } = open({
      'GET /volumes': volumeList([aVolume({ phase: 'Pending', obstacle: unbound })]),
    });
    const button = await screen.findByRole('button', {
      name: /Why shop\/orders-db cannot be backed up$/,
    });
    expect(screen.getAllByText('Not bound yet')).toHaveLength(1);
    expect(button).toHaveAccessibleDescription(`C${unbound.message.slice(1)}.`);
    await user.click(button);
    expect(await screen.findByRole('dialog', { name: 'Not bound yet' })).toBeVisible();
  });

  it('changes by itself as the cluster does, without being downloaded again', async () => {
    const stream = fakeStream();
    const { cluster } = open({
      'GET /volumes': volumeList([aVolume()]),
      'GET /volumes/events': stream.answer,
    });
    await rowOf('orders-db');
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    stream.send('ready', {});
    const lists = () => cluster.calls.filter(call => call === 'GET /volumes').length;
    await waitFor(() => expect(lists()).toBe(2));
    const running = aVolume({ lastBackup: summaryOf(aRunning()) });
    stream.send('change', { volumes: [running, aVolume({ name: 'new' })], removed: [] });
    expect(await within(await rowOf('orders-db')).findByText('Backing up')).toBeVisible();
    expect(await rowOf('new')).toBeVisible();
    stream.send('change', { volumes: [], removed: [{ namespace: 'shop', name: 'new' }] });
    await waitFor(() => expect(screen.queryByRole('link', { name: 'new' })).toBeNull());
    expect(lists()).toBe(2);
  });

  it('stays while a newer one cannot be had, and says so', async () => {
    const running = aVolume({ lastBackup: summaryOf(aRunning()) });
    const { cluster, user } = open({ 'GET /volumes': volumeList([running]) });
    await rowOf('orders-db');
    cluster.answer('GET /volumes', refusal(503, 'no endpoints available'));
    const warning = await screen.findByText(/may be out of date/);
    expect(warning).toHaveTextContent('Can’t reach the backup service');
    expect(screen.getByRole('link', { name: 'orders-db' })).toBeVisible();
    cluster.answer('GET /volumes', refusal(403, 'ann may not list persistentvolumeclaims'));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText(/You don’t have access to this.*Ann may not/)).toBeVisible();
  });

  it('shows nothing of the person before to the next one who logs in', async () => {
    const { cluster } = open({
      [TOKEN_REQUEST]: { status: { token: 'of ann' } },
      'GET /volumes': volumeList([aVolume({ name: 'of-ann' })]),
    });
    await rowOf('of-ann');
    cleanup();
    cluster.person = 'ben';
    cluster.answer(TOKEN_REQUEST, refusal(403, 'serviceaccounts "nkvm-admin" is forbidden'));
    cluster.answer('POST default/nkvm-user token', { status: { token: 'of ben' } });
    cluster.answer('GET /volumes', volumeList([aVolume({ name: 'of-ben', namespace: 'default' })]));
    const before = cluster.sent.length;
    const seen: string[] = [];
    const observer = new MutationObserver(() => seen.push(document.body.textContent ?? ''));
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    onTestFinished(() => observer.disconnect());
    openPage(cluster.name, PAGE);
    await rowOf('of-ben');
    expect(seen.filter(text => text.includes('of-ann'))).toEqual([]);
    expect(cluster.sent.slice(before).filter(({ token }) => token === 'of ann')).toEqual([]);
  });
});

describe('Back up', () => {
  const volumes = [aVolume(), aVolume({ name: 'media' })];
  const posts = (calls: string[]) => calls.filter(call => call.startsWith('POST'));

  it('starts one backup of one volume, however often it is clicked, and keeps the focus', async () => {
    const { cluster, user } = open({
      'GET /volumes': volumeList(volumes),
      'POST /backups': () => startedBackups([aRunning({ status: 'queued' })]),
    });
    const button = await screen.findByRole('button', { name: 'Back up shop/orders-db' });
    const running = aVolume({ lastBackup: summaryOf(aRunning()) });
    cluster.answer('GET /volumes', volumeList([running, volumes[1]!]));
    await user.dblClick(button);
    expect((await screen.findAllByText('Backing up shop/orders-db'))[0]).toBeVisible();
    const watch = await within(await rowOf('orders-db')).findByRole('link', { name: 'Watch' });
    expect(watch).toHaveFocus();
    expect(posts(cluster.calls)).toEqual([
      'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}]}',
    ]);
  });

  it('starts the selected volumes in one request, and says why others were refused', async () => {
    const { cluster, user } = open({
      'GET /volumes': volumeList(volumes),
      'POST /backups': () =>
        startedBackups(
          [aRunning({ status: 'queued' })],
          [{ namespace: 'shop', name: 'media', ...unbound }]
        ),
    });
    for (const name of ['orders-db', 'media']) {
      await user.click(within(await rowOf(name)).getByRole('checkbox'));
    }
    expect(await screen.findByText('2 of 2 selected')).toBeVisible();
    await user.click(await screen.findByRole('button', { name: /^Back up 2 volumes/ }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText('Not bound yet')).toBeVisible();
    expect(within(dialog).getByText('shop/media')).toBeVisible();
    await user.click(within(dialog).getByRole('button', { name: 'Close' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(screen.getAllByText(/Backing up shop\/orders-db/)[0]).toBeVisible();
    expect(posts(cluster.calls)).toHaveLength(1);
    await waitFor(() => expect(screen.queryByRole('button', { name: /^Back up 2/ })).toBeNull());
  });

  it('says how many were started', async () => {
    const { user } = open({
      'GET /volumes': volumeList(volumes),
      'POST /backups': () =>
        startedBackups([
          aRunning({ id: '7', status: 'queued' }),
          aRunning({ id: '8', name: 'media', status: 'queued' }),
        ]),
    });
    await user.click((await screen.findAllByRole('checkbox'))[0]!);
    await user.click(await screen.findByRole('button', { name: /^Back up 2 volumes/ }));
    expect((await screen.findAllByText('2 backups started'))[0]).toBeVisible();
  });

  it('says why one that was started by nobody else could not be', async () => {
    const { user } = open({
      'GET /volumes': volumeList(volumes),
      'POST /backups': refusal(503, 'no endpoints available for service "nkvm:http"'),
    });
    await user.click(await screen.findByRole('button', { name: 'Back up shop/orders-db' }));
    const dialog = await screen.findByRole('dialog', { name: /could not be started/ });
    expect(
      within(dialog).getByText(/^Can’t reach the backup service\. No endpoints available/)
    ).toBeVisible();
  });

  it('does not say that a backup was not started where the answer did not come', async () => {
    const { user } = open({
      'GET /volumes': volumeList(volumes),
      'POST /backups': () => cutOff(startedBackups([aRunning({ id: '7', status: 'queued' })])),
    });
    await user.click(await screen.findByRole('button', { name: 'Back up shop/orders-db' }));
    const dialog = await screen.findByRole('dialog', {
      name: /^It is not known whether 1 backups? (was|were) started/,
    });
    expect(within(dialog).getByText(/^The answer was cut off.*Try again/)).toBeVisible();
    expect(within(dialog).getByText(/before you start them again/)).toBeVisible();
  });

  it('says that an answer was cut off, and what to do', async () => {
    open({ 'GET /volumes': () => cutOff(volumeList(volumes)) });
    expect(await screen.findByText('The answer was cut off')).toBeVisible();
    expect(screen.getByText(/limits the time or the size of answers/)).toBeVisible();
    expect(screen.queryByText(/Can’t reach the backup service/)).toBeNull();
  });

  it('counts ages by the clock of NKVM where that of the browser is wrong', async () => {
    onTestFinished(forgetClocks);
    const backup = summaryOf(aBackup({ id: '7', endedAt: '2026-11-20T10:00:00.000Z' }));
    const list = volumeList([aVolume({ lastBackup: backup, lastSuccess: backup })]);
    const headers = { Date: 'Sat, 21 Nov 2026 06:00:00 GMT' };
    open({ 'GET /volumes': () => new Response(JSON.stringify(list), { headers }) });
    const row = within(await rowOf('orders-db'));
    expect(row.getByText('20 hours ago')).toBeVisible();
    expect(row.getByText('Backed up')).toBeVisible();
  });

  it('selects a page, or all that can be backed up when asked', async () => {
    const many = Array.from({ length: 40 }, (_, i) => aVolume({ name: `v${100 + i}` }));
    const { user } = open({
      'GET /volumes': volumeList([...many, aVolume({ name: 'raw', obstacle: blockDevice })]),
    });
    await user.click((await screen.findAllByRole('checkbox'))[0]!);
    expect(await screen.findByText('15 of 41 selected')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Select all 40' }));
    expect(await screen.findByText('40 of 41 selected')).toBeVisible();
    expect(screen.getByRole('button', { name: /^Back up 40 volumes/ })).toBeVisible();
  });

  it('cannot select a volume that cannot be backed up', async () => {
    const raw = aVolume({ name: 'raw', obstacle: blockDevice });
    const foreign = aVolume({ name: 'foreign', mayBackUp: false });
    open({ 'GET /volumes': volumeList([raw, foreign]) });
    for (const name of ['raw', 'foreign']) {
      const row = within(await rowOf(name));
      expect(row.getByRole('checkbox')).toBeDisabled();
      expect(row.queryByRole('button', { name: /^Back up/ })).toBeNull();
    }
  });
});
