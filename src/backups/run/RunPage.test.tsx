import { screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Backup, Volume } from '../../../sidecar/api';
import { fakeCluster, fakeStream, refusal } from '../../testing/fakeCluster';
import { openPage } from '../../testing/mount';
import {
  aBackup,
  aFailed,
  aRunning,
  aVolume,
  startedBackups,
  summaryOf,
} from '../../testing/samples';

const open = (answer: Backup | Response, volume: Volume = aVolume(), answers = {}) => {
  const cluster = fakeCluster({
    'GET /backups/7': answer,
    'GET /volumes/shop/orders-db': volume,
    'POST /backups': startedBackups([aRunning({ id: '8' })]),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, '/nkvm/backups/7') };
};
const stageCalled = async (name: string) => within((await screen.findByText(name)).closest('li')!);

describe('the page of a run', () => {
  it('shows where the archive is, its checksum, and how to restore it by hand', async () => {
    open(aBackup({ id: '7' }));
    expect(await screen.findByText(/^Backup of shop\/orders-db, Nov 20, 2026/)).toBeVisible();
    expect(screen.getByText('Succeeded')).toBeVisible();
    expect(screen.getByText(/^\/backups\/main__shop__orders-db__.*\.tar\.gz$/)).toBeVisible();
    expect(screen.getAllByText('ab'.repeat(32))).toHaveLength(1);
    expect(screen.getByText('tar -xzpf archive.tar.gz -C /target')).toBeVisible();
    // The path in that command is one of another pod.
    expect(screen.getByText(/^Or extract it in the NKVM pod/)).toBeVisible();
    expect(
      screen.getByText(/^kubectl exec -n nkvm deploy\/nkvm -- cat \/backups\/main__[^]*sha256sum/)
    ).toBeVisible();
  });

  it('shows the stages with their times, and what was verified', async () => {
    open(aBackup({ id: '7' }));
    const copy = await stageCalled('copy');
    expect(copy.getByRole('img', { name: 'Done' })).toBeVisible();
    expect(copy.getByText('3 sec')).toBeVisible();
    expect(copy.getByText('+1 sec')).toBeVisible();
    expect((await stageCalled('create')).getByText('200 ms')).toBeVisible();
    expect(screen.getByText('Verification')).toBeVisible();
    expect(screen.getByText(/^Verified\. The archive has the size and the SHA-256/)).toBeVisible();
    expect(screen.getAllByText('12')).toHaveLength(2);
  });

  it('shows what the archive does not hold', async () => {
    const { seal } = aBackup();
    if (!seal) throw new Error('the sample has no seal');
    const omitted = { ...seal.omitted, excluded: 1234, mounts: 2, archives: 3, archiveBytes: 2048 };
    open(aBackup({ id: '7', seal: { ...seal, omitted, patterns: ['./cache', '*.log'] } }));
    expect(await screen.findByText(/^\.\/cache\s+\*\.log$/)).toBeVisible();
    const valueOf = (name: string) => screen.getByText(name).nextElementSibling;
    expect(valueOf('Entries left out by the patterns')).toHaveTextContent('1,234');
    expect(valueOf('Mounted file systems left out')).toHaveTextContent('2');
    expect(valueOf('Archives of NKVM left out')).toHaveTextContent('3, 2');
    expect(screen.queryByText('Sockets left out')).toBeNull();
  });

  it('says that an archive is an increment, and leads to those that it needs', async () => {
    const link = (runId: string, bytes: number) => ({
      ...{ runId, bytes, archive: `${runId}.tar.gz`, sha256: 'ab'.repeat(32) },
    });
    open(aBackup({ id: '7', chain: { links: [link('5', 2 ** 30), link('6', 2 ** 20)] } }));
    const kind = (await screen.findByText('Kind')).nextElementSibling;
    expect(kind).toHaveTextContent('Increment. It needs 2 earlier archives, 1 GiB together');
    expect(screen.getByRole('link', { name: 'Full backup' })).toHaveAttribute(
      'href',
      expect.stringContaining('/nkvm/backups/5')
    );
    expect(screen.getByRole('link', { name: 'Backup before it' })).toHaveAttribute(
      'href',
      expect.stringContaining('/nkvm/backups/6')
    );
  });

  it('says why an archive is a full one where others are increments', async () => {
    open(aBackup({ id: '7', chain: { links: [], why: 'a full archive was asked for' } }));
    const kind = (await screen.findByText('Kind')).nextElementSibling;
    expect(kind).toHaveTextContent('Full. A full archive was asked for.');
  });

  it('copies the command for a restore', async () => {
    const { user } = open(aBackup({ id: '7', archive: null }));
    await user.click(await screen.findByRole('button', { name: 'Copy the command' }));
    expect(await navigator.clipboard.readText()).toBe('tar -xzpf archive.tar.gz -C /target');
  });

  it('says what a run under way waits for', async () => {
    const message = 'waiting for a node: 0/2 nodes are available';
    open(aRunning({ id: '7', stage: 'wait', message }));
    expect(await screen.findByText('Waiting for a node: 0/2 nodes are available')).toBeVisible();
  });

  it('says at which stage a run failed, why, and what to do', async () => {
    open(aFailed({ id: '7' }));
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('Failed while copying the archive');
    expect(alert).toHaveTextContent('StreamBroke');
    expect(alert).toHaveTextContent('Stream of helper nkvm-helper-01jd5 broke off after 1.0 MiB');
    expect(alert).toHaveTextContent('How to fix it Look at the events of node node-1');
    const copy = await stageCalled('copy');
    expect(copy.getByRole('img', { name: 'Failed' })).toBeVisible();
    expect(screen.queryByText('Restore manually')).toBeNull();
  });

  it('calls no stage done that came after the one that failed, but the cleanup', async () => {
    const at = '2026-11-20T10:00:00.000Z';
    const times = { startedAt: at, endedAt: at };
    const stages = (['create', 'copy', 'checksum', 'cleanup'] as const).map(stage => ({
      stage,
      ...times,
    }));
    open(aFailed({ id: '7', stages }));
    const signs = async (name: string) => (await stageCalled(name)).getByRole('img');
    expect(await signs('create')).toHaveAccessibleName('Done');
    expect(await signs('checksum')).toHaveAccessibleName('Not completed');
    expect(await signs('cleanup')).toHaveAccessibleName('Done');
  });

  it('shows the last output of the helper of a failed run, and leads to the runbook', async () => {
    const lastWords = 'command: tar: ./x: Cannot open\npod: Failed: Evicted: low on memory';
    const helper = { pod: 'nkvm-helper-01jd5', node: 'node-1', image: 'nkvm:dev', lastWords };
    const { user } = open(aFailed({ id: '7', helper }));
    const box = await screen.findByRole('region', { name: 'Last output of the helper pod' });
    expect(box.textContent).toBe(lastWords);
    await user.click(
      screen.getByRole('button', { name: 'Copy the last output of the helper pod' })
    );
    expect(await navigator.clipboard.readText()).toBe(lastWords);
    expect(screen.getByRole('link', { name: 'Troubleshoot the copy stage' })).toHaveAttribute(
      'href',
      expect.stringMatching(/docs\/runbooks\/README\.md#copy$/)
    );
  });

  it('leads from a failed run to the last good one, and tries again', async () => {
    const lastSuccess = summaryOf(aBackup({ id: '6' }));
    const lastBackup = summaryOf(aFailed({ id: '7' }));
    const { user, cluster } = open(aFailed({ id: '7' }), aVolume({ lastBackup, lastSuccess }));
    const line = await screen.findByText(/^Last good backup/);
    expect(within(line).getByRole('link')).toHaveAttribute('href', expect.stringMatching(/\/6\?/));
    await user.click(screen.getByRole('button', { name: 'Back up shop/orders-db' }));
    const asked = 'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}]}';
    await waitFor(() => expect(cluster.calls).toContain(asked));
  });

  it('says that a volume was backed up since', async () => {
    const lastSuccess = summaryOf(aBackup({ id: '8' }));
    open(aFailed({ id: '7' }), aVolume({ lastBackup: lastSuccess, lastSuccess }));
    expect(await screen.findByText(/^Backed up since/)).toBeVisible();
  });

  it('says where nothing can be relied on, and offers no second run beside one', async () => {
    const lastBackup = summaryOf(aRunning({ id: '8' }));
    open(aFailed({ id: '7' }), aVolume({ lastBackup }));
    expect(await screen.findByText('No successful backup yet.')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Watch' })).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Back up/ })).toBeNull();
  });

  it('says nothing about the state of a volume that was created again', async () => {
    const lastSuccess = summaryOf(aBackup({ id: '8' }));
    open(aFailed({ id: '7' }), aVolume({ uid: 'another', lastSuccess }));
    expect(await screen.findByText(/^The volume of this run was deleted/)).toBeVisible();
    expect(screen.queryByText(/^Backed up since/)).toBeNull();
    expect(screen.queryByRole('button', { name: /^Back up/ })).toBeNull();
  });

  it('shows which entries could not be read, where nothing was packed', async () => {
    const message = 'nkvm: ./locked: cannot be read as user 1000';
    open(aFailed({ id: '7', reason: 'NotReadable', tarMessages: [message] }));
    expect(await screen.findByText(message)).toBeVisible();
    expect(screen.queryByText('Verification')).toBeNull();
  });

  it('shows no output where there was none', async () => {
    open(aFailed({ id: '7' }));
    expect(await screen.findByRole('link', { name: /Troubleshoot/ })).toBeVisible();
    expect(screen.queryByText('Last output of the helper pod')).toBeNull();
  });

  it('shows the warnings of a success', async () => {
    open(aBackup({ id: '7', warnings: ['a file changed while tar read it'] }));
    expect(await screen.findByRole('alert')).toHaveTextContent('A file changed while tar read it');
    expect(screen.getByText('Succeeded with warnings')).toBeVisible();
  });

  it('offers to cancel a run that is under way', async () => {
    open(aRunning({ id: '7' }));
    expect(await screen.findByRole('button', { name: /^Cancel/ })).toBeVisible();
    expect(screen.getByRole('progressbar')).toBeVisible();
  });

  it('leads back to the list of the clusters that are selected', async () => {
    const { cluster, user } = open(aBackup({ id: '7' }));
    await user.click(await screen.findByRole('button', { name: /^Back$/ }));
    expect(window.location.pathname).toBe(`/c/${cluster.name}/nkvm/volumes`);
  });

  it('says that a run is not known', async () => {
    open(refusal(404, 'run 7 is not known'));
    expect(await screen.findByText('Backup not found')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Volumes & Backups' })).toBeVisible();
  });

  it('keeps what it knows when the sidecar is away, and follows the run again after it', async () => {
    const stream = fakeStream();
    const { cluster, user } = open(aRunning({ id: '7', bytes: 10 * 1024 ** 2 }), aVolume(), {
      'GET /backups/7/events': stream.answer,
    });
    expect(await screen.findByText('10 MiB')).toBeVisible();
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    cluster.answer('GET /backups/7', refusal(404, 'run 7 is not known'));
    stream.end();
    expect(await screen.findByText(/^Not found.*may be out of date/)).toBeVisible();
    expect(screen.getByText('10 MiB')).toBeVisible();

    const again = fakeStream();
    cluster.answer('GET /backups/7/events', again.answer);
    cluster.answer('GET /backups/7', aRunning({ id: '7', bytes: 11 * 1024 ** 2 }));
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(again.isOpen()).toBe(true));
    again.send('backup', aRunning({ id: '7', bytes: 12 * 1024 ** 2 }));
    expect((await screen.findAllByText(/^12 MiB/))[0]).toBeVisible();
    expect(screen.queryByText(/may be out of date/)).toBeNull();
  });

  it('warns when the sidecar answers 503, keeps what it knows, and takes the warning back', async () => {
    const stream = fakeStream();
    const { cluster } = open(aRunning({ id: '7', bytes: 10 * 1024 ** 2 }), aVolume(), {
      'GET /backups/7/events': stream.answer,
    });
    expect(await screen.findByText('10 MiB')).toBeVisible();
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    cluster.answer('GET /backups/7', refusal(503, 'no endpoints available for service "nkvm"'));
    stream.end();
    expect(await screen.findByText(/may be out of date/)).toBeVisible();
    expect(screen.getByText('10 MiB')).toBeVisible();
    cluster.answer('GET /backups/7', aRunning({ id: '7', bytes: 11 * 1024 ** 2 }));
    await waitFor(() => expect(screen.queryByText(/may be out of date/)).toBeNull());
    expect(screen.getAllByText(/^11 MiB/)[0]).toBeVisible();
  });

  it('asks again by itself where the run could not be read for a while', async () => {
    const { cluster } = open(aRunning({ id: '7', bytes: 10 * 1024 ** 2 }), aVolume(), {
      'GET /backups/7/events': refusal(403, 'ann may not'),
    });
    expect(await screen.findByText('10 MiB')).toBeVisible();
    cluster.answer('GET /backups/7', refusal(403, 'ann may not get backups'));
    expect(await screen.findByText(/Ann may not get backups/)).toBeVisible();
    cluster.answer('GET /backups/7', aBackup({ id: '7' }));
    expect(await screen.findByText('Succeeded')).toBeVisible();
  });

  it('holds no connection while nobody sees the tab, and shows the end when somebody does', async () => {
    const stream = fakeStream();
    const { cluster } = open(aRunning({ id: '7', bytes: 10 * 1024 ** 2 }), aVolume(), {
      'GET /backups/7/events': stream.answer,
    });
    expect(await screen.findByText('10 MiB')).toBeVisible();
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    seeTab(false);
    await waitFor(() => expect(stream.isOpen()).toBe(false));
    cluster.answer('GET /backups/7', aBackup({ id: '7' }));
    seeTab(true);
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    stream.send('backup', aBackup({ id: '7' }));
    expect(await screen.findByText('Succeeded')).toBeVisible();
  });
});

afterEach(() => void vi.restoreAllMocks());

function seeTab(isSeen: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(!isSeen);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}
