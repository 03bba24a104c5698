import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openNamespaceCommand } from '../../sidecar/api/names.ts';
import { fakeCluster, refusal, TOKEN_REQUEST } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';
import { aBackup, aFailed, aRunning, aVolume, summaryOf } from '../testing/samples';

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

  it('names the right that is missing for a token', async () => {
    const forbidden = refusal(403, 'serviceaccounts "nkvm-admin" is forbidden');
    open({
      [TOKEN_REQUEST]: forbidden,
      'POST default/nkvm-user token': forbidden,
      'GET /info': refusal(401, 'a token is missing'),
    });
    expect(
      await screen.findByText(
        'You lack the right to create serviceaccounts/token of nkvm-user in namespace default.'
      )
    ).toBeVisible();
    expect(screen.getByText(/^kubectl auth can-i create serviceaccounts\/nkvm-user/)).toBeVisible();
  });

  it('names the right that is missing on the way through the API server', async () => {
    open({ 'GET /info': refusal(403, 'services "nkvm:http" is forbidden: User "ann" cannot …') });
    expect(
      await screen.findByText(
        'You lack the right to get services/proxy of nkvm:http in namespace nkvm.'
      )
    ).toBeVisible();
  });

  it('gives the commands that create a missing account', async () => {
    open({
      [TOKEN_REQUEST]: refusal(403, 'serviceaccounts "nkvm-admin" is forbidden'),
      'POST default/nkvm-user token': refusal(404, 'serviceaccounts "nkvm-user" not found'),
      'GET /info': refusal(401, 'a token is missing'),
    });
    expect(
      await screen.findByText('ServiceAccount nkvm-user is missing in namespace default.')
    ).toBeVisible();
    expect(screen.getByText(/^kubectl create serviceaccount nkvm-user -n default/)).toBeVisible();
  });

  it('says that the sidecar does not answer, and why', async () => {
    open({ 'GET /info': refusal(503, 'no endpoints available for service "nkvm:http"') });
    expect(await screen.findByText('The backup service does not answer')).toBeVisible();
    expect(screen.getByText('no endpoints available for service "nkvm:http"')).toBeVisible();
  });

  it('passes on what the sidecar says of a right', async () => {
    const message = 'user ann may not list persistentvolumeclaims in namespace shop';
    open({ 'GET /volumes': refusal(403, message) });
    expect(await screen.findByText('You may not see this')).toBeVisible();
    expect(screen.getByText(message)).toBeVisible();
  });

  it('looks again when somebody asks for it', async () => {
    const { cluster, user } = open({ 'GET /volumes': refusal(500, 'see the log, error 7f31') });
    expect(await screen.findByText('see the log, error 7f31')).toBeVisible();
    cluster.answer('GET /volumes', { volumes: [aVolume()] });
    await user.click(screen.getByRole('button', { name: 'Look again' }));
    expect(await screen.findByRole('link', { name: 'orders-db' })).toBeVisible();
  });

  it('says what will show up in an empty cluster', async () => {
    open({ 'GET /volumes': { volumes: [] } });
    expect(await screen.findByText('No volumes yet')).toBeVisible();
  });
});

describe('the list of volumes', () => {
  it('shows a volume, its namespace, its owner and its size', async () => {
    open({ 'GET /volumes': { volumes: [aVolume()] } });
    const row = within(await rowOf('orders-db'));
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
      'GET /volumes': { volumes: [aVolume({ namespace: 'default' })] },
    });
    await rowOf('orders-db');
    expect(cluster.calls).toContain('GET /volumes?namespace=default');
  });

  it('shows every owner of a shared volume, and a custom one without a link', async () => {
    const owners = [
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'uploads' },
      { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'pg' },
    ];
    open({ 'GET /volumes': { volumes: [aVolume({ owner: { kind: 'Multiple', owners } })] } });
    const row = within(await rowOf('orders-db'));
    expect(row.getByRole('link', { name: 'uploads' })).toBeVisible();
    expect(row.queryByRole('link', { name: 'pg' })).toBeNull();
    expect(row.getByText(/^pg/)).toBeVisible();
  });

  it('says why nobody is known to own a volume', async () => {
    const reason = 'no pod and no pod template uses this claim';
    const { user } = open({
      'GET /volumes': { volumes: [aVolume({ owner: { kind: 'Unknown', reason } })] },
    });
    await user.hover(within(await rowOf('orders-db')).getByText('Unknown'));
    expect(await screen.findByText(reason)).toBeVisible();
  });

  it.each([
    ['Not backed up', {}],
    ['Backed up', { lastBackup: summaryOf(aBackup()), lastSuccess: summaryOf(aBackup()) }],
    ['Backup failed', { lastBackup: summaryOf(aFailed()) }],
    ['Backing up', { lastBackup: summaryOf(aRunning()) }],
    ['Not visible', { backupsVisible: false }],
  ])('says of a volume: %s', async (state, differs) => {
    open({ 'GET /volumes': { volumes: [aVolume(differs)] } });
    expect(within(await rowOf('orders-db')).getAllByText(state)[0]).toBeVisible();
  });

  it('leads to the last run, with the namespace for those who need it', async () => {
    vi.setSystemTime('2026-11-20T10:05:06.000Z');
    onTestFinished(() => void vi.useRealTimers());
    open({ 'GET /volumes': { volumes: [aVolume({ lastBackup: summaryOf(aFailed()) })] } });
    const row = within(await rowOf('orders-db'));
    expect(row.getByRole('img', { name: 'Failed' })).toBeVisible();
    expect(row.getByRole('link', { name: '5 minutes ago' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/backups\/01jd5\?namespace=shop$/)
    );
  });

  it('gives the command that opens a closed namespace', async () => {
    const command = openNamespaceCommand('shop');
    const obstacle = {
      reason: 'NamespaceClosed',
      message: 'namespace shop is not open for backups',
      hint: `an administrator opens it: ${command}`,
    };
    const { user } = open({ 'GET /volumes': { volumes: [aVolume({ obstacle })] } });
    await user.click(
      await screen.findByRole('button', { name: 'Open namespace shop for backups' })
    );
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(command)).toBeVisible();
  });

  it('stays while a newer one cannot be had, and says so', async () => {
    const running = aVolume({ lastBackup: summaryOf(aRunning()) });
    const { cluster } = open({ 'GET /volumes': { volumes: [running] } });
    await rowOf('orders-db');
    cluster.answer('GET /volumes', refusal(503, 'no endpoints available'));
    expect(
      await screen.findByText(/may be out of date.* no endpoints/, {}, { timeout: 5_000 })
    ).toBeVisible();
    expect(screen.getByRole('link', { name: 'orders-db' })).toBeVisible();
  });
});

describe('Back up', () => {
  const volumes = [aVolume(), aVolume({ name: 'media' })];

  it('starts one backup of one volume, however often it is clicked', async () => {
    const { cluster, user } = open({
      'GET /volumes': { volumes },
      'POST /backups': () => ({ backups: [aRunning({ status: 'queued' })] }),
    });
    const button = await screen.findByRole('button', { name: 'Back up shop/orders-db' });
    cluster.answer('GET /volumes', {
      volumes: [aVolume({ lastBackup: summaryOf(aRunning()) }), volumes[1]],
    });
    await user.dblClick(button);
    expect(await screen.findByText('Backup of shop/orders-db is under way')).toBeVisible();
    expect(
      await within(await rowOf('orders-db')).findByRole('link', { name: 'Watch' })
    ).toBeVisible();
    expect(cluster.calls.filter(call => call.startsWith('POST'))).toEqual([
      'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}]}',
    ]);
  });

  it('starts the selected volumes, and names those that were refused', async () => {
    const { user } = open({
      'GET /volumes': { volumes },
      'POST /backups': sent =>
        JSON.stringify(sent).includes('media')
          ? refusal(409, 'claim shop/media is held by pod x; stop that pod')
          : { backups: [aRunning({ status: 'queued' })] },
    });
    for (const name of ['orders-db', 'media']) {
      await user.click(within(await rowOf(name)).getByRole('checkbox'));
    }
    await user.click(await screen.findByRole('button', { name: /^Back up 2 volumes/ }));
    expect(await screen.findByText('Backup of shop/orders-db is under way')).toBeVisible();
    const refused = (await screen.findByText('shop/media')).closest('li');
    expect(refused).toHaveTextContent('claim shop/media is held by pod x; stop that pod');
    await waitFor(() => expect(screen.queryByRole('button', { name: /^Back up 2/ })).toBeNull());
  });

  it('cannot select a volume that cannot be backed up', async () => {
    const obstacle = { reason: 'BlockMode', message: 'shop/raw is a block device', hint: 'none' };
    open({ 'GET /volumes': { volumes: [aVolume({ name: 'raw', obstacle })] } });
    const row = within(await rowOf('raw'));
    expect(row.getByRole('checkbox')).toBeDisabled();
    expect(row.queryByRole('button')).toBeNull();
  });
});
