import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { allowRestoresCommand } from '../../../sidecar/api/names.ts';
import { cutOff, fakeCluster, refusal } from '../../testing/fakeCluster';
import { openPage } from '../../testing/mount';
import {
  aChangingPlan,
  aPlan,
  aPlanCheck,
  aRestoring,
  closedForRestores,
  startedRestore,
} from '../../testing/restoreSamples';
import { aBackup, aFailed, aVolume, backupList, volumeList } from '../../testing/samples';

type Answers = Parameters<typeof fakeCluster>[0];

const open = (query: string, answers: Answers = {}) => {
  const older = aBackup({ id: '5', createdAt: '2026-11-18T10:00:00.000Z' });
  const cluster = fakeCluster({
    'GET /backups/7': aBackup({ id: '7' }),
    'GET /backups': backupList([aFailed({ id: '8' }), aBackup({ id: '7' }), older]),
    'GET /volumes': volumeList([aVolume()]),
    'GET /volumes/shop/orders-db': aVolume(),
    'POST /restores/plan': aPlan(),
    'POST /restores': startedRestore(aRestoring()),
    'GET /restores/9': aRestoring(),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, `/nkvm/restore?${query}`) };
};

const OF_7 = 'backup=7&namespace=shop&volume=orders-db';
const NEW = `${OF_7}&target=shop%2Forders-db-restored&step=plan`;
const INTO = (mode: string) => `${OF_7}&where=original&mode=${mode}&step=plan`;

const button = (name: string) => screen.findByRole('button', { name });
/** An answer that waits until `goOn`. */
function held<T>(body: T) {
  let goOn = () => {};
  const free = new Promise<void>(resolve => (goOn = resolve));
  let sent = false;
  const answer = async () => {
    await free;
    sent = true;
    return body;
  };
  return { answer, goOn, isSent: () => sent };
}

const isInert = (element: HTMLElement) => element.getAttribute('aria-disabled') === 'true';
const plans = (calls: string[]) => calls.filter(call => call.startsWith('POST /restores/plan'));
const starts = (calls: string[]) => calls.filter(call => call.startsWith('POST /restores {'));

describe('the wizard, from a link to a backup', () => {
  it('restores it into a new claim with the proposed name in three clicks', async () => {
    const { cluster, user } = open(OF_7);
    expect(await screen.findByRole('heading', { name: 'Restore shop/orders-db' })).toBeVisible();
    expect(await screen.findByRole('radio', { name: /Newest/ })).toBeChecked();
    await user.click(await button('Next'));
    await waitFor(() => expect(screen.getByLabelText('Name')).toHaveValue('orders-db-restored'));
    await user.click(await button('See what will happen'));
    expect(await screen.findByText('Claim shop/orders-db-restored is created')).toBeVisible();
    await user.click(await button('Start the restore'));
    await waitFor(() => expect(window.location.pathname).toMatch(/\/nkvm\/restores\/9$/));
    expect(starts(cluster.calls)).toEqual([
      'POST /restores {"backup":"7","target":{"namespace":"shop","name":"orders-db-restored","mode":"new"},"scale":false,"safetyBackup":false}',
    ]);
  });

  it('takes the newest good backup of the volume where the link names none', async () => {
    open('namespace=shop&volume=orders-db');
    expect(await screen.findByRole('radio', { name: /Newest/ })).toBeChecked();
    expect(window.location.search).toContain('backup=7');
    expect(isInert(await button('Next'))).toBe(false);
  });

  it('says why older backups cannot be shown', async () => {
    const { user } = open(OF_7, {
      'GET /backups': (_, { search }) =>
        search.includes('cursor')
          ? refusal(500, 'the disk is gone')
          : { ...backupList([aBackup({ id: '7' })]), nextCursor: 'more' },
    });
    await user.click(await button('Show older runs'));
    expect(await screen.findByText(/the disk is gone/i)).toBeVisible();
  });

  it('leads the keyboard into each step', async () => {
    const { user } = open(OF_7);
    expect(await screen.findByRole('radio', { name: /Newest/ })).toBeChecked();
    await user.click(await button('Next'));
    await waitFor(() => expect(screen.getByRole('group', { name: 'Where to' })).toHaveFocus());
    await waitFor(() => expect(screen.getByLabelText('Name')).toHaveValue('orders-db-restored'));
    await user.click(await button('See what will happen'));
    await waitFor(() => expect(screen.getByRole('group', { name: 'Plan' })).toHaveFocus());
  });

  it('learns from the backup of which volume it is, and believes the link no other', async () => {
    open('backup=7&namespace=shop&volume=other');
    expect(await screen.findByRole('heading', { name: 'Restore shop/orders-db' })).toBeVisible();
  });

  it('offers the other good backups of the volume, and no failed one', async () => {
    const { user } = open(OF_7);
    await screen.findByRole('radio', { name: /Newest/ });
    const list = screen.getByRole('radiogroup', { name: 'Backup' });
    const [newest, older, ...others] = within(list).getAllByRole('radio');
    expect(others).toEqual([]);
    expect(newest).toBeChecked();
    await user.click(older!);
    expect(window.location.search).toContain('backup=5');
    expect(older).toBeChecked();
  });

  it('shows the selected paths, and takes them out again', async () => {
    const { user } = open(`${OF_7}&paths=data%2Fa&paths=b`);
    expect(await screen.findByText(/^2 paths are restored/)).toBeVisible();
    await user.click(await button('Restore everything instead'));
    expect(screen.getByText('Everything in the archive is restored.')).toBeVisible();
    expect(window.location.search).not.toContain('paths');
  });

  it('says that a backup has failed', async () => {
    open('backup=8&namespace=shop&volume=orders-db', {
      'GET /backups/8': aFailed({ id: '8' }),
    });
    expect(await screen.findByText(/^This backup did not succeed/)).toBeVisible();
  });

  it('says that there is no such backup', async () => {
    open('backup=6', { 'GET /backups/6': refusal(404, 'run 6 is not known') });
    expect(await screen.findByText('Backup not found')).toBeVisible();
  });
});

describe('the wizard, without a backup', () => {
  it('lets choose a volume, also one that is gone, and takes its newest backup', async () => {
    const { user } = open('', {
      'GET /backups': backupList([aBackup({ id: '7' }), aBackup({ id: '4', name: 'gone' })]),
    });
    expect(isInert(await button('Next'))).toBe(true);
    await user.click(await screen.findByLabelText('Volume'));
    await user.click(await screen.findByRole('option', { name: 'shop/gone' }));
    expect(window.location.search).toMatch(/backup=4&namespace=shop&volume=gone/);
  });

  it('lets choose an archive that no backup has', async () => {
    const key = 'east__prod__data__20261101T000000Z__01.tar.gz';
    const { user } = open('', {
      'GET /archives': {
        archives: [
          {
            key,
            bytes: 5,
            modifiedAt: '2026-11-01T00:00:00.000Z',
            hasManifest: false,
            cluster: 'east',
            namespace: 'prod',
            name: 'data',
          },
        ],
        isComplete: true,
      },
    });
    await user.click(await screen.findByRole('radio', { name: /^Another archive/ }));
    await user.click(await screen.findByRole('radio', { name: key }));
    expect(screen.getByText(/no manifest/)).toBeVisible();
    await user.click(await button('Next'));
    // A claim that happens to have its name in this cluster is not the one that was backed up.
    expect(await screen.findByRole('radio', { name: 'The original claim' })).toBeDisabled();
  });

  it('uploads a file for one namespace, and restores it there alone', async () => {
    const { cluster, user } = open('', {
      'POST /uploads': {
        id: 'u1',
        bytes: 5,
        sha256: 'ab',
        files: 1,
        rawBytes: 10_240,
        expiresAt: '2026-11-27T10:00:00.000Z',
      },
    });
    await user.click(await screen.findByRole('radio', { name: /^A \.tar\.gz file/ }));
    const namespace = screen.getByLabelText('Namespace to restore into');
    await user.clear(namespace);
    await user.type(namespace, 'shop');
    await user.upload(
      screen.getByLabelText('Archive to upload'),
      new File(['12345'], 'mine.tar.gz', { type: 'application/gzip' })
    );
    await waitFor(() => expect(window.location.search).toMatch(/backup=upload%3Au1/));
    expect(cluster.calls).toContain('POST /uploads?namespace=shop');
    await user.click(await button('Next'));
    expect(screen.getByLabelText('Namespace')).toHaveValue('shop');
    expect(screen.getByRole('radio', { name: 'The original claim' })).toBeDisabled();
  });
});

it('names an uploaded file as such in its plan, and not by a key', async () => {
  const { source } = aPlan();
  const archive = `nkvm-upload__a1__${'0'.repeat(32)}.upload`;
  const unknown = { namespace: null, name: null, createdAt: null, hasManifest: false };
  open('backup=upload%3Au1&target=shop%2Fmine&step=plan', {
    'POST /restores/plan': aPlan({ source: { ...source, ...unknown, archive } }),
  });
  expect(await screen.findByText('An archive that was uploaded')).toBeVisible();
  expect(screen.queryByText(/nkvm-upload/)).toBeNull();
});

describe('where to restore to', () => {
  it('proposes what the claim was like, and sends only what was changed', async () => {
    const { cluster, user } = open(`${OF_7}&step=where`);
    await waitFor(() => expect(screen.getByLabelText('Size')).toHaveValue('10Gi'));
    expect(screen.getByLabelText('Storage class')).toHaveValue('fast');
    expect(screen.getByText('app=orders')).toBeVisible();
    await user.clear(screen.getByLabelText('Size'));
    await user.type(screen.getByLabelText('Size'), '20Gi');
    await user.click(await button('See what will happen'));
    await screen.findByText(/is created$/);
    expect(plans(cluster.calls).at(-1)).toContain('"mode":"new","size":"20Gi"}');
  });

  it('proposes a name that is free', async () => {
    open(`${OF_7}&step=where`, {
      'GET /volumes': volumeList([aVolume(), aVolume({ name: 'orders-db-restored' })]),
    });
    await waitFor(() => expect(screen.getByLabelText('Name')).toHaveValue('orders-db-restored-2'));
  });

  it('proposes no name over one that was typed before the claims were known', async () => {
    let resolve = () => {};
    const promise = new Promise<void>(done => (resolve = done));
    const { user } = open(`${OF_7}&step=where&target=shop%2F`, {
      'GET /volumes': () => promise.then(() => volumeList([aVolume()])),
    });
    const name = await screen.findByLabelText('Name');
    await user.type(name, 'mine');
    resolve();
    await user.click(screen.getByLabelText('Namespace'));
    expect(await screen.findByRole('option', { name: 'shop' })).toBeVisible();
    expect(name).toHaveValue('mine');
  });

  it('leaves a field as it is while it has the focus, whatever becomes known', async () => {
    const claims = held(volumeList([aVolume()]));
    const plan = held(aPlan());
    const { user } = open(`${OF_7}&step=where`, {
      'GET /volumes': claims.answer,
      'POST /restores/plan': plan.answer,
    });
    const name = await screen.findByLabelText('Name');
    await user.click(name);
    claims.goOn();
    await waitFor(() => expect(claims.isSent()).toBe(true));
    expect(name).toHaveValue('');
    await user.type(name, 'mine');

    const [size, labels] = [screen.getByLabelText('Size'), screen.getByLabelText('Labels')];
    await user.click(size);
    expect(labels).toHaveAttribute('readonly');
    plan.goOn();
    await waitFor(() => expect(screen.getByLabelText('Storage class')).toHaveValue('fast'));
    expect(size).toHaveValue('');
    await user.type(size, '20Gi');
    await user.tab();
    expect(labels).not.toHaveAttribute('readonly');
    expect(size).toHaveValue('20Gi');
    expect(name).toHaveValue('mine');
    await user.clear(size);
    await user.tab();
    expect(size).toHaveValue('10Gi');
  });

  it('proposes a name once the empty field is left', async () => {
    const claims = held(volumeList([aVolume()]));
    const { user } = open(`${OF_7}&step=where`, { 'GET /volumes': claims.answer });
    const name = await screen.findByLabelText('Name');
    await user.click(name);
    claims.goOn();
    await waitFor(() => expect(claims.isSent()).toBe(true));
    await user.tab();
    await waitFor(() => expect(name).toHaveValue('orders-db-restored'));
  });

  it('says that a name is taken or cannot be one, and does not go on', async () => {
    const { user } = open(`${OF_7}&step=where`);
    const name = await screen.findByLabelText('Name');
    await waitFor(() => expect(name).toHaveValue('orders-db-restored'));
    await user.clear(name);
    await user.type(name, 'orders-db');
    expect(await screen.findByText('A claim with this name already exists.')).toBeVisible();
    await user.clear(name);
    await user.type(name, 'Orders');
    expect(isInert(await button('See what will happen'))).toBe(true);
  });

  it('takes the original claim, says what uses it, and what happens to its files', async () => {
    const { cluster, user } = open(`${OF_7}&step=where`);
    await user.click(await screen.findByRole('radio', { name: 'The original claim' }));
    expect(await screen.findByText('StatefulSet orders uses this claim now.')).toBeVisible();
    expect(screen.getByRole('radio', { name: 'Only if it is empty' })).toBeChecked();
    await user.click(screen.getByRole('radio', { name: 'Replace files' }));
    await user.click(screen.getByRole('checkbox', { name: 'Stop the workload that uses it' }));
    cluster.answer('POST /restores/plan', aChangingPlan());
    await user.click(await button('See what will happen'));
    await screen.findByText('Claim shop/orders-db is changed');
    expect(plans(cluster.calls).at(-1)).toBe(
      'POST /restores/plan {"backup":"7","target":{"namespace":"shop","name":"orders-db","mode":"overwrite"},"scale":true,"safetyBackup":true}'
    );
  });

  it('offers to create the original claim again where it is gone', async () => {
    const { user } = open(`${OF_7}&step=where&where=original`, {
      'GET /volumes/shop/orders-db': refusal(404, 'claim shop/orders-db does not exist'),
      'GET /volumes': volumeList([]),
    });
    await user.click(await button('Create it again'));
    expect(screen.getByLabelText('Name')).toHaveValue('orders-db');
  });

  it('takes another claim', async () => {
    const { user } = open(`${OF_7}&step=where&where=existing`, {
      'GET /volumes': volumeList([aVolume({ name: 'spare' })]),
      'GET /volumes/shop/spare': aVolume({ name: 'spare', pods: [] }),
    });
    await user.click(await screen.findByLabelText('Claim'));
    await user.click(await screen.findByRole('option', { name: 'shop/spare' }));
    expect(window.location.search).toContain('target=shop%2Fspare');
    expect(isInert(await button('See what will happen'))).toBe(false);
  });
});

describe('the plan', () => {
  it('names the check that fails, with the command that helps, and does not start', async () => {
    const { cluster, user } = open(NEW, {
      'POST /restores/plan': aPlan({ canStart: false, checks: [aPlanCheck(), closedForRestores] }),
    });
    expect(await screen.findByText('Restores are not allowed in namespace shop')).toBeVisible();
    expect(screen.getByText(allowRestoresCommand('shop'))).toBeVisible();
    const start = await button('Start the restore');
    expect(isInert(start)).toBe(true);
    await user.click(start);
    expect(starts(cluster.calls)).toEqual([]);
    // Somebody has run the command.
    cluster.answer('POST /restores/plan', aPlan());
    await user.click(await button('Check again'));
    await waitFor(() => expect(isInert(screen.getByText('Start the restore'))).toBe(false));
  });

  it('shows what happens to files and workloads', async () => {
    open(INTO('overwrite'), { 'POST /restores/plan': aChangingPlan() });
    expect(await screen.findByText('Files in the claim')).toBeVisible();
    const box = (title: string) => within(screen.getByText(title).parentElement!);
    expect(box('New').getByText('1')).toBeVisible();
    expect(box('Replaced').getByText('2')).toBeVisible();
    expect(box('Kept').getByText('3')).toBeVisible();
    expect(box('Replaced').getByText('data/orders.db')).toBeInTheDocument();
    expect(screen.getByText(/is scaled to 0, and back to 2 afterwards/)).toBeVisible();
  });

  it('says that the look at the claim was cut short', async () => {
    const { files } = aChangingPlan();
    open(INTO('overwrite'), {
      'POST /restores/plan': aChangingPlan({ files: { ...files!, isComplete: false } }),
    });
    expect(await screen.findByText(/was not read to the end/)).toBeVisible();
  });

  it('deletes nothing before the number of files is confirmed, and asks again for another number', async () => {
    const { cluster, user } = open(INTO('mirror'), { 'POST /restores/plan': aChangingPlan() });
    const start = await button('Start the restore');
    expect(isInert(start)).toBe(true);
    await user.click(
      screen.getByRole('checkbox', { name: 'Delete 3 files that the backup does not have' })
    );
    expect(isInert(await button('Start the restore'))).toBe(false);
    const { files } = aChangingPlan();
    cluster.answer(
      'POST /restores/plan',
      aChangingPlan({ files: { ...files!, leftOver: { count: 4, names: ['x'] } } })
    );
    await user.click(await button('Check again'));
    const confirm = await screen.findByRole('checkbox', { name: /^Delete 4 files/ });
    expect(confirm).not.toBeChecked();
    expect(isInert(await button('Start the restore'))).toBe(true);
    await user.click(confirm);
    await user.click(await button('Start the restore'));
    await waitFor(() => expect(starts(cluster.calls)).toHaveLength(1));
  });

  it('asks before files are replaced without a safety backup', async () => {
    open(`${INTO('overwrite')}&safety=0`, { 'POST /restores/plan': aChangingPlan() });
    expect(
      await screen.findByRole('checkbox', { name: 'Replace 2 files without a safety backup' })
    ).not.toBeChecked();
  });

  it('starts once, however often it is clicked', async () => {
    const { cluster, user } = open(NEW);
    await user.dblClick(await button('Start the restore'));
    await waitFor(() => expect(window.location.pathname).toMatch(/\/nkvm\/restores\/9$/));
    expect(starts(cluster.calls)).toHaveLength(1);
  });

  it('says why it was not started, and looks again', async () => {
    const { cluster, user } = open(NEW, {
      'POST /restores': refusal(409, 'claim shop/orders-db-restored exists already'),
    });
    await user.click(await button('Start the restore'));
    expect(await screen.findByText('The restore was not started')).toBeVisible();
    expect(screen.getByText(/Claim shop\/orders-db-restored exists already/)).toBeVisible();
    await waitFor(() => expect(plans(cluster.calls)).toHaveLength(2));
  });

  it('is not started by a plan of hours ago, which is made again', async () => {
    const { cluster, user } = open(INTO('mirror'), { 'POST /restores/plan': aChangingPlan() });
    const confirmation = await screen.findByRole('checkbox', { name: /^Delete \d+ files? that/ });
    await user.click(confirmation);
    const loaded = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => loaded + 3 * 3_600_000);
    onTestFinished(() => void vi.restoreAllMocks());
    const { files } = aChangingPlan();
    cluster.answer(
      'POST /restores/plan',
      aChangingPlan({ files: { ...files!, leftOver: { count: 900, names: [] } } })
    );
    await user.click(await button('Start the restore'));
    expect(await screen.findByText(/the plan was more than 10 minutes old/)).toBeVisible();
    expect(await screen.findByRole('checkbox', { name: /^Delete 900 files/ })).not.toBeChecked();
    expect(starts(cluster.calls)).toEqual([]);
  });

  it.each([
    ['ends half-way', () => cutOff(startedRestore(aRestoring())), /The answer was cut off/],
    ['does not come', () => refusal(504, 'Gateway Timeout'), /Can’t reach the backup service/],
  ])('does not say that nothing was started where the answer %s', async (_, answer, why) => {
    const { user } = open(NEW, { 'POST /restores': answer });
    await user.click(await button('Start the restore'));
    expect(
      await screen.findByText('It is not known whether the restore was started')
    ).toBeVisible();
    expect(screen.getByText(why)).toBeVisible();
    expect(screen.queryByText('The restore was not started')).toBeNull();
    expect(screen.getByRole('link', { name: /^Check the restores into shop\// })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/volumes\/shop\/orders-db-restored$/)
    );
  });

  it('names the right that is missing', async () => {
    open(NEW, {
      'POST /restores/plan': refusal(
        403,
        'ann may not create persistentvolumeclaims/restore in namespace shop'
      ),
    });
    expect(
      await screen.findByText(/Ann may not create persistentvolumeclaims\/restore/)
    ).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Start the restore' })).toBeNull();
    expect(await button('Check again')).toBeVisible();
  });

  it('says that an archive has no manifest', async () => {
    const { source } = aPlan();
    open(NEW, { 'POST /restores/plan': aPlan({ source: { ...source, hasManifest: false } }) });
    expect(await screen.findByText(/has no manifest/)).toBeVisible();
  });
});
