import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { openNamespaceCommand } from '../../sidecar/api/names.ts';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';
import {
  aBackup,
  aFailed,
  aVolume,
  backupList,
  closedNamespace,
  startedBackups,
  summaryOf,
} from '../testing/samples';

const VOLUME = 'GET /volumes/shop/orders-db';

const open = (answers: Parameters<typeof fakeCluster>[0]) => {
  const cluster = fakeCluster({ [VOLUME]: aVolume(), 'GET /backups': backupList([]), ...answers });
  return { cluster, user: openPage(cluster.name, '/nkvm/volumes/shop/orders-db') };
};

describe('the page of a volume', () => {
  it('shows its last good backup, what was tried since, and its history', async () => {
    const success = aBackup({
      id: '6',
      endedAt: new Date(Date.now() - 2 * 3_600_000).toISOString(),
    });
    const failed = aFailed({ id: '7', endedAt: new Date(Date.now() - 60_000).toISOString() });
    open({
      [VOLUME]: aVolume({ lastBackup: summaryOf(failed), lastSuccess: summaryOf(success) }),
      'GET /backups': backupList([failed, success]),
    });
    expect(await screen.findByRole('heading', { name: 'Volume shop/orders-db' })).toBeVisible();
    const summary = (await screen.findByText('Last good backup')).parentElement!;
    expect(within(summary).getByRole('link', { name: '2 hours ago' })).toBeVisible();
    expect(summary).toHaveTextContent('Failed 1 minute ago');
    expect(screen.getByText('Backup failed')).toBeVisible();
    expect(await screen.findByText('Succeeded')).toBeVisible();
  });

  it('leads to the claim, to what uses it, and to its node', async () => {
    open({});
    const href = (name: string | RegExp) => screen.getByRole('link', { name }).getAttribute('href');
    expect(await screen.findByRole('link', { name: /^PersistentVolumeClaim/ })).toBeVisible();
    expect(href(/^PersistentVolumeClaim/)).toMatch(/\/persistentvolumeclaims\/shop\/orders-db$/);
    expect(href('orders')).toMatch(/\/statefulsets\/shop\/orders$/);
    expect(href('node-1')).toMatch(/\/nodes\/node-1$/);
    expect(href('orders-db-0')).toMatch(/\/pods\/shop\/orders-db-0$/);
  });

  it.each([
    ['pods', 1000, /^Namespace shop enforces .* Backups run as user 1000, as the volume’s pods do/],
    ['pods', null, /^Namespace shop enforces .* Backups run as the user of the volume’s pods/],
    ['unknown', 65532, /no pod says which user owns the files\. Backups run as user 65532/],
    ['setting', 7, /^Backups run as user 7, because NKVM is set up so/],
  ] as const)('says before a backup that it is not root: %s, %s', async (because, user, text) => {
    open({ [VOLUME]: aVolume({ readsAs: { user, because } }) });
    expect(await screen.findByText(text)).toHaveTextContent(
      /fails before it begins to copy if this user cannot read a file\./
    );
    expect(screen.queryByText(/Restores into this namespace are refused/) !== null).toBe(
      because !== 'setting'
    );
  });

  it('starts a backup', async () => {
    const { cluster, user } = open({ 'POST /backups': startedBackups([aBackup()]) });
    await user.click(await screen.findByRole('button', { name: 'Back up shop/orders-db' }));
    expect((await screen.findAllByText(/^Backing up/))[0]).toBeVisible();
    expect(cluster.calls).toContain(
      'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}]}'
    );
  });

  it('says what is in the way', async () => {
    open({ [VOLUME]: aVolume({ obstacle: closedNamespace }) });
    expect(await screen.findByText(openNamespaceCommand('shop'))).toBeVisible();
    expect(screen.getByText(/^Backups are not allowed in namespace shop/)).toBeVisible();
  });

  it('gives a volume no good backup that belongs to an earlier one of its name', async () => {
    open({ 'GET /backups': backupList([aBackup({ id: '1', uid: 'uid-before' })]) });
    expect(await screen.findByText('Earlier volume of this name')).toBeVisible();
    expect(screen.getByText('Never')).toBeVisible();
    expect(screen.getByText('Not backed up')).toBeVisible();
    expect(screen.getByText('This volume has never been backed up.')).toBeVisible();
  });

  it('still shows the backups of a volume that does not exist any more', async () => {
    open({
      [VOLUME]: refusal(404, 'claim shop/orders-db does not exist'),
      'GET /backups': backupList([aBackup({ id: '1' })]),
    });
    expect(await screen.findByText(/^This volume does not exist/)).toBeVisible();
    expect(await screen.findByText('Succeeded')).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Back up/ })).toBeNull();
    // There is no other volume that these could be told from.
    expect(screen.queryByText('This volume has never been backed up.')).toBeNull();
    expect(screen.queryByText('Earlier volume of this name')).toBeNull();
  });

  it('says that the sidecar does not answer', async () => {
    open({ [VOLUME]: refusal(503, 'no endpoints available for service "nkvm:http"') });
    expect(await screen.findByText('Can’t reach the backup service')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Try again' })).toBeVisible();
  });
});
