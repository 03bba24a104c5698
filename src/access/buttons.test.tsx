import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { UploadArchive } from '../files/UploadArchive';
import { accessOf } from '../testing/accessSamples';
import { aDestination, destinationList, theLocal } from '../testing/destinationSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { mount, openPage } from '../testing/mount';
import {
  aHold,
  aPolicy,
  aRetentionPlan,
  policyDetails,
  policyList,
} from '../testing/policySamples';
import { aCheck, aRestore, aRestoring, checkList, restoreList } from '../testing/restoreSamples';
import { aBackup, aRunning, aVolume, backupList, summaryOf, volumeList } from '../testing/samples';
import { WithText } from '../ui/text';

const BACK_UP = 'create persistentvolumeclaims/backup';
const READ = 'get persistentvolumeclaims/archive';
const WRITE = 'create persistentvolumeclaims/restore';
const ACCESS = 'GET /namespaces/shop/access';
const backedUp = aVolume({ lastBackup: summaryOf(aBackup()), lastSuccess: summaryOf(aBackup()) });
const undoable = aRestore({ safetyBackupId: '6' });
const offsite = destinationList([theLocal(), aDestination()]);

/** A namespace that somebody sees who may change nothing, and read no archive. */
const cluster = (answers: Parameters<typeof fakeCluster>[0] = {}, ...held: string[]) =>
  fakeCluster({
    [ACCESS]: accessOf(
      'list persistentvolumeclaims',
      'list persistentvolumeclaims/backup',
      ...held
    ),
    'GET /volumes': volumeList([backedUp]),
    'GET /volumes/shop/orders-db': backedUp,
    'GET /policy': policyList([aPolicy()]),
    'GET /policy/shop/orders-db': policyDetails(),
    'GET /backups': backupList([aBackup()]),
    'GET /backups/7': aBackup({ id: '7' }),
    'GET /backups/8': aRunning({ id: '8' }),
    'GET /backups/7/checks': checkList([]),
    'GET /destinations': offsite,
    'GET /restores': restoreList([]),
    'GET /restores/9': undoable,
    'GET /restores/10': aRestoring({ id: '10' }),
    ...answers,
  });

const reasonOf = (right: string) =>
  `You don’t have permission to ${right} in namespace shop. Ask an administrator of the namespace or of the cluster for it.`;

/** Waits for the answer on the rights, which comes later than the buttons. */
const saysWhy = (right: string) => screen.findAllByText(reasonOf(right));

/** Such a button is seen, takes the focus, says why, and does nothing. */
async function expectInert(button: HTMLElement, right: string): Promise<void> {
  await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'true'));
  expect(button).toHaveAccessibleDescription(reasonOf(right));
  expect(button).not.toHaveAttribute('href');
  button.focus();
  expect(button).toHaveFocus();
}
const button = (name: string | RegExp) => screen.findByRole('button', { name });

describe('a button that a person may not use says why, and whom to ask', () => {
  it.each<[page: string, name: string | RegExp, right: string]>([
    ['/nkvm/backups/7', 'Restore shop/orders-db', READ],
    ['/nkvm/backups/7', 'Browse files of shop/orders-db', READ],
    ['/nkvm/backups/7', 'Download archive of shop/orders-db', READ],
    ['/nkvm/backups/7', 'Copy to…', BACK_UP],
    ['/nkvm/backups/7', 'Verify now', BACK_UP],
    ['/nkvm/backups/7', 'Restore drill…', WRITE],
    ['/nkvm/backups/8', 'Cancel the backup of shop/orders-db', BACK_UP],
    ['/nkvm/backups/7/files', 'Restore… all of shop/orders-db', READ],
    ['/nkvm/volumes/shop/orders-db', 'Restore shop/orders-db', READ],
    ['/nkvm/volumes/shop/orders-db', /^Browse files of the backup of/, READ],
    ['/nkvm/volumes/shop/orders-db', /^Restore the backup of/, READ],
    ['/nkvm/restores/9?namespace=shop', /^Undo the restore into shop/, WRITE],
    ['/nkvm/restores/10?namespace=shop', /^Cancel the restore into shop/, WRITE],
  ])('on %s: %s', async (page, name, right) => {
    const { name: of, calls } = cluster();
    const user = openPage(of, page);
    await saysWhy(right);
    await expectInert(await button(name), right);
    await user.click(await button(name));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(screen.getAllByRole('link', { name: 'Access in this namespace' })[0]).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/access\/shop$/)
    );
    expect(calls.filter(call => !call.startsWith('GET'))).toEqual([]);
  });

  it.each([
    ['verify', BACK_UP],
    ['drill', WRITE],
  ] as const)('a check that goes on: %s', async (kind, right) => {
    const check = aCheck({ kind, status: 'running', stage: 'copy', endedAt: null });
    const { name } = cluster({
      'GET /backups/7/checks': checkList([check]),
      [`GET /checks/${check.id}`]: check,
    });
    openPage(name, '/nkvm/backups/7');
    await saysWhy(right);
    await expectInert(await button(/^Cancel\. /), right);
  });

  it('an upload', async () => {
    const { name } = cluster();
    const page = <UploadArchive cluster={name} namespace="shop" onUploaded={() => undefined} />;
    mount(<WithText>{page}</WithText>, `/c/${name}/nkvm/restore`);
    await saysWhy(WRITE);
    await expectInert(await button('Choose a file…'), WRITE);
  });

  it('in the menu of a volume, which asks only once it is open', async () => {
    const { name, calls } = cluster();
    const user = openPage(name, '/nkvm/volumes');
    const more = await button('More actions for shop/orders-db');
    expect(calls.filter(call => call.startsWith(ACCESS))).toEqual([]);
    await user.click(more);
    for (const item of ['Restore…', 'Browse files']) {
      const found = await screen.findByRole('menuitem', { name: new RegExp(`^${item} ?You don`) });
      expect(found).toHaveAttribute('aria-disabled', 'true');
      expect(found).toHaveTextContent(reasonOf(READ));
    }
    expect(calls.filter(call => call.startsWith(ACCESS))).toHaveLength(1);
  });

  it('what changes the claim itself, with the rights of the person at the browser', async () => {
    const hold = aHold({ kind: 'anomaly' });
    const of = cluster({
      'GET /policy/shop/orders-db': policyDetails(aPolicy(), { plans: [aRetentionPlan({ hold })] }),
    });
    of.mayWriteSecrets = false;
    const user = openPage(of.name, '/nkvm/volumes/shop/orders-db');
    const right = 'patch persistentvolumeclaims';
    await saysWhy(right);
    for (const name of [/^Schedule of/, /^Suspend the schedule/, /^Accept the change/]) {
      await expectInert(await button(name), right);
      await user.click(await button(name));
    }
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(of.objectCalls.filter(({ request }) => request.startsWith('PATCH'))).toEqual([]);
  });
});

describe('the list of all backups', () => {
  const TO_SEE = ['list persistentvolumeclaims', 'list persistentvolumeclaims/backup'];
  const accounts = aBackup({ id: '6', name: 'accounts', uid: 'uid-accounts' });
  const two = backupList([aBackup({ id: '7' }), accounts]);
  const rowOf = async (name: string) =>
    within((await screen.findByRole('link', { name })).closest('tr')!);
  const asked = ({ calls }: { calls: string[] }) => calls.filter(call => call.startsWith(ACCESS));

  it('says at each archive why a person may not read it', async () => {
    const of = cluster({ 'GET /backups': two });
    openPage(of.name, '/nkvm/backups');
    await saysWhy(READ);
    for (const name of [/^Browse files of the backup of/, /^Restore the backup of/])
      for (const each of await screen.findAllByRole('button', { name }))
        await expectInert(each, READ);
    expect(new Set(asked(of))).toEqual(
      new Set([ACCESS, `${ACCESS}?name=orders-db`, `${ACCESS}?name=accounts`])
    );
  });

  it('lets those who may read one volume only read that', async () => {
    const of = cluster({
      'GET /backups': two,
      [ACCESS]: (_, { search }) =>
        accessOf(...TO_SEE, ...(search.includes('name=orders-db') ? [READ] : [])),
    });
    openPage(of.name, '/nkvm/backups');
    await saysWhy(READ);
    const row = await rowOf('accounts');
    await expectInert(row.getByRole('button', { name: /^Browse files of the backup of/ }), READ);
    const own = await rowOf('orders-db');
    expect(own.getByRole('link', { name: /^Browse files of the backup of/ })).toBeVisible();
  });

  it('asks once for a namespace whose archives a person may read', async () => {
    const of = cluster({ 'GET /backups': two }, READ);
    openPage(of.name, '/nkvm/backups');
    await waitFor(() => expect(asked(of)).toEqual([ACCESS]));
    const row = await rowOf('accounts');
    expect(row.getByRole('link', { name: /^Restore the backup of/ })).toBeVisible();
    expect(asked(of)).toEqual([ACCESS]);
  });
});

describe('a button can be used', () => {
  const canBrowse = async (page = '/nkvm/backups/7', of = cluster()) => {
    openPage(of.name, page);
    await waitFor(() => expect(of.calls.some(call => call.startsWith(ACCESS))).toBe(true));
    return await screen.findByRole('link', { name: 'Browse files of shop/orders-db' });
  };

  it('by those who may, whatever else they lack', async () => {
    expect(await canBrowse(undefined, cluster({}, READ))).not.toHaveAttribute('aria-disabled');
    await expectInert(await button('Verify now'), BACK_UP);
  });

  it('where NKVM does not say what the person may do', async () => {
    const of = cluster({ [ACCESS]: refusal(404, 'an older NKVM') });
    expect(await canBrowse(undefined, of)).not.toHaveAttribute('aria-disabled');
    expect(screen.queryByText(/You don’t have permission/)).toBeNull();
  });

  it('where the volume is of another cluster, whose API server decides', async () => {
    const of = cluster({ 'GET /backups/7': aBackup({ id: '7', cluster: 'site-b' }) });
    openPage(of.name, '/nkvm/backups/7');
    expect(
      await screen.findByRole('link', { name: 'Browse files of shop/orders-db' })
    ).not.toHaveAttribute('aria-disabled');
    expect(of.calls.filter(call => call.startsWith(ACCESS))).toEqual([]);
  });

  it('and one question is enough for all of a page', async () => {
    const of = cluster();
    openPage(of.name, '/nkvm/backups/7');
    await expectInert(await button('Verify now'), BACK_UP);
    expect(within(document.body).getAllByText(reasonOf(READ)).length).toBeGreaterThan(1);
    expect(of.calls.filter(call => call.startsWith(ACCESS))).toEqual([`${ACCESS}?name=orders-db`]);
  });
});
