import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Backup, Volume } from '../../sidecar/api';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';
import { aBackup, aFailed, aRunning, aVolume, summaryOf } from '../testing/samples';

const open = (answer: Backup | Response, volume: Volume = aVolume()) => {
  const cluster = fakeCluster({
    'GET /backups/7': answer,
    'GET /volumes/shop/orders-db': volume,
    'POST /backups': { backups: [aRunning({ id: '8' })] },
  });
  return { cluster, user: openPage(cluster.name, '/nkvm/backups/7') };
};

describe('the page of a run', () => {
  it('shows where the archive lies, its checksum, and how to restore it by hand', async () => {
    open(aBackup({ id: '7' }));
    expect(await screen.findByText('Backup of shop/orders-db')).toBeVisible();
    expect(screen.getByText('Succeeded')).toBeVisible();
    expect(screen.getByText(/^\/backups\/main__shop__orders-db__.*\.tar\.gz$/)).toBeVisible();
    expect(screen.getAllByText('ab'.repeat(32))).toHaveLength(2);
    expect(screen.getByText('tar -xzpf archive.tar.gz -C /target')).toBeVisible();
  });

  it('shows the stages with their times, and the seal', async () => {
    open(aBackup({ id: '7' }));
    const copy = within((await screen.findByText('copy')).closest('tr')!);
    expect(copy.getByRole('img', { name: 'Done' })).toBeVisible();
    expect(copy.getByText('3 sec')).toBeVisible();
    expect(screen.getByText('Seal of the helper pod')).toBeVisible();
    expect(screen.getByText('12')).toBeVisible();
  });

  it('copies the command for a restore', async () => {
    const { user } = open(aBackup({ id: '7' }));
    await user.click(await screen.findByRole('button', { name: 'Copy the command' }));
    expect(await navigator.clipboard.readText()).toBe('tar -xzpf archive.tar.gz -C /target');
  });

  it('says at which stage a run failed, why, and what to do', async () => {
    open(aFailed({ id: '7' }));
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('Failed at stage copy (StreamBroke)');
    expect(alert).toHaveTextContent('stream of helper nkvm-helper-01jd5 broke off after 1.0 MiB');
    expect(alert).toHaveTextContent('What to do Look at the events of node node-1');
    const copy = within(screen.getByText('copy').closest('tr')!);
    expect(copy.getByRole('img', { name: 'Failed' })).toBeVisible();
    expect(screen.queryByText('Restore by hand')).toBeNull();
  });

  it('shows what the helper of a failed run said last, and leads to the runbook', async () => {
    const lastWords = 'command: tar: ./x: Cannot open\npod: Failed: Evicted: low on memory';
    const helper = { pod: 'nkvm-helper-01jd5', node: 'node-1', image: 'nkvm:dev', lastWords };
    const { user } = open(aFailed({ id: '7', helper }));
    const box = await screen.findByRole('region', { name: 'Last words of the helper' });
    expect(box.textContent).toBe(lastWords);
    await user.click(screen.getByRole('button', { name: 'Copy the last words of the helper' }));
    expect(await navigator.clipboard.readText()).toBe(lastWords);
    expect(screen.getByRole('link', { name: 'Runbook of the stage copy' })).toHaveAttribute(
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
    expect(cluster.calls).toContain(asked);
  });

  it('says where a failed run was made up for', async () => {
    const lastSuccess = summaryOf(aBackup({ id: '8' }));
    open(aFailed({ id: '7' }), aVolume({ lastBackup: lastSuccess, lastSuccess }));
    expect(await screen.findByText(/^Backed up again/)).toBeVisible();
  });

  it('says where nothing can be relied on, and offers no second run beside one', async () => {
    const lastBackup = summaryOf(aRunning({ id: '8' }));
    open(aFailed({ id: '7' }), aVolume({ lastBackup }));
    expect(await screen.findByText('This volume has no good backup.')).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Back up/ })).toBeNull();
  });

  it('says nothing of a volume that was made again', async () => {
    const lastSuccess = summaryOf(aBackup({ id: '8' }));
    open(aFailed({ id: '7' }), aVolume({ uid: 'another', lastSuccess }));
    expect(await screen.findByRole('link', { name: /Runbook/ })).toBeVisible();
    expect(screen.queryByText(/^Backed up again/)).toBeNull();
  });

  it('shows no last words where nobody said anything', async () => {
    open(aFailed({ id: '7' }));
    expect(await screen.findByRole('link', { name: /Runbook/ })).toBeVisible();
    expect(screen.queryByText('Last words of the helper')).toBeNull();
  });

  it('shows the warnings of a success', async () => {
    open(aBackup({ id: '7', warnings: ['./log: file changed as we read it'] }));
    expect(await screen.findByRole('alert')).toHaveTextContent('./log: file changed as we read it');
    expect(screen.getByText('Succeeded')).toBeVisible();
  });

  it('offers to cancel a run that is under way', async () => {
    open(aRunning({ id: '7' }));
    expect(await screen.findByRole('button', { name: /^Cancel/ })).toBeVisible();
    expect(screen.getByRole('progressbar')).toBeVisible();
  });

  it('says that a run is not known', async () => {
    open(refusal(404, 'run 7 is not known'));
    expect(await screen.findByText('There is no such backup')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Volumes & Backups' })).toBeVisible();
  });
});
