import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openDetails, openPage } from '../testing/mount';
import { aRestore, restoreList } from '../testing/restoreSamples';
import { aBackup, aFailed, aVolume, backupList, summaryOf } from '../testing/samples';

const run = aBackup({ id: '7' });
const answers = {
  'GET /volumes/shop/orders-db': aVolume({
    lastBackup: summaryOf(run),
    lastSuccess: summaryOf(run),
  }),
  'GET /backups': backupList([aFailed({ id: '8' }), run]),
  'GET /restores': restoreList([
    aRestore({ id: '10', undoOf: '9' }),
    aRestore({ id: '9', paths: ['a'] }),
  ]),
};
const toWizard = (backup: string) =>
  expect.stringMatching(new RegExp(`/nkvm/restore\\?${backup}namespace=shop&volume=orders-db$`));

it('the page of a volume leads to the wizard, and shows what was restored into it', async () => {
  const cluster = fakeCluster(answers);
  openPage(cluster.name, '/nkvm/volumes/shop/orders-db');
  expect(await screen.findByRole('link', { name: 'Restore shop/orders-db' })).toHaveAttribute(
    'href',
    toWizard('backup=7&')
  );
  expect(await screen.findByText('Restores into this volume')).toBeVisible();
  expect(screen.getByText('Undo of a restore')).toBeVisible();
  expect(screen.getByText('Selected files of shop/orders-db')).toBeVisible();
  expect(cluster.calls).toContain('GET /restores?namespace=shop&name=orders-db&limit=20');
});

it('each good backup in a history leads to the wizard, and no failed one', async () => {
  const cluster = fakeCluster(answers);
  openPage(cluster.name, '/nkvm/volumes/shop/orders-db');
  const link = await screen.findByRole('link', { name: /^Restore the backup of/ });
  expect(link).toHaveAttribute('href', toWizard('backup=7&'));
  expect(within(link.closest('tr')!).getByText('Succeeded')).toBeVisible();
  const failed = screen.getByText('Failed').closest('tr')!;
  expect(within(failed).queryByRole('link', { name: /^Restore/ })).toBeNull();
});

it('a volume that is gone leads to the wizard, too', async () => {
  const cluster = fakeCluster({
    ...answers,
    'GET /volumes/shop/orders-db': refusal(404, 'claim shop/orders-db does not exist'),
  });
  openPage(cluster.name, '/nkvm/volumes/shop/orders-db');
  expect(await screen.findByRole('link', { name: 'Restore shop/orders-db' })).toHaveAttribute(
    'href',
    toWizard('')
  );
});

it('the page of a claim leads to the wizard and to its restores', async () => {
  const cluster = fakeCluster(answers);
  openDetails(cluster.name, 'PersistentVolumeClaim', { namespace: 'shop', name: 'orders-db' });
  expect(await screen.findByRole('link', { name: 'Restore shop/orders-db' })).toBeVisible();
  expect(await screen.findByText('Restores into this volume')).toBeVisible();
});

it('says nothing of restores where there were none', async () => {
  const cluster = fakeCluster({ ...answers, 'GET /restores': restoreList([]) });
  openPage(cluster.name, '/nkvm/volumes/shop/orders-db');
  await screen.findByText('Succeeded');
  expect(screen.queryByText('Restores into this volume')).toBeNull();
});
