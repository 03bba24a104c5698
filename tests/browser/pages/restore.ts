import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Backup, RestorePlan } from '../../../sidecar/api/index.ts';
import { allowRestoresCommand } from '../../../sidecar/api/names.ts';
import { backUp } from '../../cluster/support/backups.ts';
import { alter, API, holdUp, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

/** A claim that no pod uses. */
const CLAIM = ['shop', 'uploads'] as const;
const VOLUME = CLAIM.join('/');

const button = (page: Page, name: string): Locator =>
  page.getByRole('button', { name, exact: true });
const start = (page: Page): Locator => button(page, 'Start the restore');
const restored = (page: Page): Locator => page.getByText('The data is restored');

/** What a person does to get a volume back. */
export function restoreTests(world: Seen): void {
  let backup: Backup;
  let wizard: string;
  const folder = () => world().playground.volumePath(...CLAIM);

  beforeAll(async () => {
    backup = await backUp(await callAsAdmin(world()), ...CLAIM);
    wizard = `/nkvm/restore?backup=${backup.id}&namespace=shop&volume=uploads`;
  }, 60_000);

  it('is told which command allows restores, and restores into a new claim after it', async () => {
    const page = await world().headlamp.open(`/nkvm/backups/${backup.id}?namespace=shop`);
    await page.getByRole('link', { name: `Restore ${VOLUME}` }).click();
    await expectGoodLooks(page.getByRole('radio', { name: /Newest/ }), 'restore-what');
    await button(page, 'Next').click();
    const size = page.getByLabel('Size');
    await expect.poll(() => size.inputValue(), { timeout: 20_000 }).toBe('1Gi');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('uploads-restored');
    await expectGoodLooks(size, 'restore-where-new');
    await button(page, 'See what will happen').click();
    const command = page.getByText(allowRestoresCommand('shop'));
    await expectGoodLooks(command, 'restore-plan-fails');
    expect(await start(page).getAttribute('aria-disabled')).toBe('true');

    allowRestores(world);
    await button(page, 'Check again').click();
    await command.waitFor({ state: 'detached' });
    await expectGoodLooks(start(page), 'restore-plan-new');
    await start(page).click();
    await expectGoodLooks(restored(page), 'restore-success');
    expect(names(world().playground.volumePath('shop', 'uploads-restored'))).toEqual(
      names(folder())
    );
    await page.getByRole('link', { name: 'shop/uploads-restored' }).click();
    await expectGoodLooks(page.getByText('Restores into this volume'), 'restore-of-volume');
  });

  it('makes a claim the same as its backup, and takes that back', async () => {
    allowRestores(world);
    const extra = join(folder(), 'written since.txt');
    writeFileSync(extra, 'not in the backup');
    onTestFinished(() => rmSync(extra, { force: true }));
    const page = await world().headlamp.open(wizard);
    await button(page, 'Next').click();
    await page.getByRole('radio', { name: 'The original claim' }).click();
    await page.getByRole('radio', { name: 'Match the backup exactly' }).click();
    await expectGoodLooks(
      page.getByRole('checkbox', { name: 'Back the claim up first' }),
      'restore-where-original'
    );
    await button(page, 'See what will happen').click();
    const confirm = page.getByRole('checkbox', {
      name: 'Delete 1 file that the backup does not have',
    });
    await expectGoodLooks(confirm, 'restore-plan-mirror');
    expect(await start(page).getAttribute('aria-disabled')).toBe('true');
    // For another theme the page was reloaded.
    await confirm.check();
    await start(page).click();
    await restored(page).waitFor();
    expect(existsSync(extra)).toBe(false);

    await button(page, `Undo the restore into ${VOLUME}`).click();
    const undo = button(page, 'Undo the restore');
    await undo.waitFor();
    await shoot(page, 'pages/restore-undo-dialog');
    await undo.click();
    await page.getByRole('heading', { name: `Undo of a restore into ${VOLUME}` }).waitFor();
    await expectGoodLooks(restored(page), 'restore-undone', ['light']);
    expect(existsSync(extra)).toBe(true);
  });

  it('verifies a backup, rehearses its restore, and reads the results', async () => {
    const page = await world().headlamp.open(`/nkvm/backups/${backup.id}?namespace=shop`);
    await button(page, 'Verify now').click();
    await page.getByText('Verification of the archive', { exact: true }).waitFor();
    await expectGoodLooks(button(page, 'Restore drill…'), 'restore-checks');
    await button(page, 'Restore drill…').click();
    await page.getByRole('dialog', { name: 'Restore drill' }).waitFor();
    await shoot(page, 'pages/restore-drill-dialog');
    await button(page, 'Start the drill').click();
    const compared = page.getByText('Compared files').first();
    await compared.waitFor();
    await compared.click();
    await page
      .getByText('Could not be restored')
      .or(page.getByText('Nothing is missing'))
      .first()
      .waitFor();
    await expectGoodLooks(compared, 'restore-drill', ['light']);
  });

  it('restores a file of this computer', async () => {
    allowRestores(world);
    const folder = mkdtempSync(join(tmpdir(), 'upload-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'brought along.txt'), 'data');
    const archive = join(folder, 'mine.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', folder, 'brought along.txt']);
    const page = await world().headlamp.open('/nkvm/restore');
    await page.getByRole('radio', { name: /^A \.tar\.gz file/ }).click();
    await page.getByRole('combobox', { name: 'Namespace to restore into' }).fill('shop');
    await page.getByLabel('Archive to upload').setInputFiles(archive);
    await page.getByText('The archive was uploaded and read to its end.').waitFor();
    await shoot(page, 'pages/restore-upload');
    await button(page, 'Next').click();
    await page.getByLabel('Name', { exact: true }).fill('brought-along');
    await page.getByRole('combobox', { name: 'Size' }).fill('1Gi');
    await page.getByRole('combobox', { name: 'Storage class' }).fill('immediate');
    await button(page, 'See what will happen').click();
    await page.getByText(/^The archive was uploaded/).waitFor();
    await shoot(page, 'pages/restore-upload-plan');
    await start(page).click();
    await restored(page).waitFor();
    expect(names(world().playground.volumePath('shop', 'brought-along'))).toEqual([
      'brought along.txt',
    ]);
  });

  it('starts without a backup, and chooses one of a volume', async () => {
    const page = await world().headlamp.open('/nkvm/restore');
    await expectGoodLooks(page.getByLabel('Volume'), 'restore-what-empty', ['light']);
    await page.getByLabel('Volume').click();
    await page.getByRole('option', { name: VOLUME }).click();
    await page.getByRole('radio', { name: /Newest/ }).waitFor();
  });

  it('sees that a plan takes its time, and why there is none', async () => {
    const page = await world().headlamp.open(`${wizard}&where=original&step=plan`, {
      before: async opened => void (await holdUp(opened, API.plan)),
    });
    await expectGoodLooks(page.getByText(/^Checking the effects of the restore/), 'restore-wait', [
      'light',
    ]);
    const message = 'ann may not create persistentvolumeclaims/restore of uploads in shop';
    const denied = await world().headlamp.open(`${wizard}&where=original&step=plan`, {
      before: opened => opened.route(API.plan, refuse(403, { message })),
    });
    await expectGoodLooks(denied.getByText(/Ann may not create/), 'restore-denied', ['light']);
    const gone = await world().headlamp.open('/nkvm/restores/none?namespace=shop');
    await expectGoodLooks(gone.getByText('Restore not found'), 'restore-unknown', ['light']);
  });

  it.each(['light', 'dark'] as const)('reads a long plan at every width, %s', async theme => {
    const page = await world().headlamp.open(`${wizard}&where=original&mode=mirror&step=plan`, {
      theme,
      before: opened => alter<RestorePlan>(opened, API.plan, longPlan, 'POST'),
    });
    await page.getByText('Files in the claim').waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await page.getByText('Files in the claim').scrollIntoViewIfNeeded();
      await shoot(page, `widths/restore-plan-${theme}-${width}`);
      const main = page.getByRole('main');
      expect(await main.evaluate(element => element.scrollWidth - element.clientWidth)).toBe(0);
    }
  });
}

/** A plan with all that a page has to find room for. */
const longPlan = (plan: RestorePlan): RestorePlan => ({
  ...plan,
  workloads: [
    { kind: 'StatefulSet', name: 'orders-db', replicas: 3, action: 'scale', obstacle: null },
    {
      kind: 'DaemonSet',
      name: 'log-shipper',
      replicas: null,
      action: 'none',
      obstacle: 'a DaemonSet cannot be scaled down; delete it, or restore into a new claim',
    },
  ],
  files: {
    added: { count: 1_204, names: [`${'a-long-folder/'.repeat(20)}file.txt`] },
    replaced: { count: 53_000, names: ['data/orders.db', 'data/wal'] },
    unchanged: { count: 9, names: [] },
    leftOver: { count: 3, names: ['tmp/a', 'tmp/b', 'tmp/c'] },
    isComplete: false,
  },
});

const names = (path: string): string[] =>
  readdirSync(path, { recursive: true })
    .map(String)
    .filter(name => name !== 'lost+found')
    .sort();

/** What the command on the page does. */
function allowRestores(world: Seen): void {
  const apiGroup = 'rbac.authorization.k8s.io';
  world().playground.apply([
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'nkvm-restore', namespace: 'shop' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'nkvm-restore' },
      subjects: [{ kind: 'ServiceAccount', name: 'nkvm-runner', namespace: 'nkvm' }],
    },
  ]);
}
