import type { Locator, Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { ended, start } from '../../cluster/support/backups.ts';
import { startSidecar } from '../../support/sidecar.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { tabTo } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin, taintNodes } from '../support/worlds.ts';

const claim = (namespace: string, name: string) =>
  `/storage/persistentvolumeclaims/${namespace}/${name}`;
const BIG = ['billing', 'statements'] as const;

/** The newest run of the claim's history in that state. The table of events has rows, too. */
const runThat = (page: Page, status: string): Locator =>
  page
    .getByRole('row')
    .filter({ has: page.getByText(status, { exact: true }) })
    .first();

/** The button of the question whether to cancel. */
const confirmCancel = (page: Page): Locator =>
  page.getByRole('button', { name: 'Cancel the backup', exact: true });

/** What a person does with one backup, on its page and on that of its claim. */
export function runTests(world: Seen): void {
  /** Starts a backup of the big volume. @returns the path of its page. */
  async function startBig(): Promise<string> {
    const { run, problem } = await start(await callAsAdmin(world()), ...BIG);
    if (!run) throw new Error(problem?.message);
    return `/nkvm/backups/${run.id}?namespace=${run.namespace}`;
  }

  it('reads on the claim’s page that there is none, starts one, and reads what it left', async () => {
    const page = await world().headlamp.open(claim('shop', 'notes'));
    const never = page.getByText('This volume has never been backed up.');
    await expectGoodLooks(never, 'claim-never', ['light']);
    await page.getByRole('button', { name: 'Back up', exact: true }).click();
    await expectGoodLooks(runThat(page, 'Succeeded'), 'claim-success');
    await page.locator('a[href*="/nkvm/backups/"]').first().click();
    const heading = page.getByRole('heading', { name: /^Backup of shop.notes, / });
    await heading.waitFor();
    await page.getByText(/^tar --extract/).waitFor();
    await page.getByRole('heading', { name: 'Verification' }).waitFor();
    await expectGoodLooks(heading, 'run-success');
    await expectGoodLooks(page.getByText('Compressor exit code'), 'run-success-end', ['light']);
  });

  it('watches bytes flow, and cancels', async () => {
    const page = await world().headlamp.open(claim(...BIG));
    const cancel = page.getByRole('button', { name: 'Cancel the backup of billing/statements' });
    await startBig();
    await page.reload();
    await page.getByText(/[\d.]+ [KM]iB\/s/).waitFor();
    await expectGoodLooks(cancel, 'claim-running', ['light']);
    await cancel.click();
    await confirmCancel(page).click();
    await expectGoodLooks(runThat(page, 'Cancelled'), 'claim-cancelled', ['light']);
  });

  it('watches one that waits for a node, and cancels it with the keyboard alone', async () => {
    await taintNodes(world().kubeUrl, [
      { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
    ]);
    onTestFinished(() => taintNodes(world().kubeUrl, []));
    const page = await world().headlamp.open(claim('shop', 'uploads'));
    await tabTo(page.getByRole('button', { name: 'Back up', exact: true }));
    await page.keyboard.press('Enter');
    const cancel = page.getByRole('button', { name: 'Cancel the backup of shop/uploads' });
    await expectGoodLooks(cancel, 'claim-waiting', ['light']);
    await page.getByRole('link', { name: 'Details' }).click();
    await page.getByRole('heading', { name: /^Backup of shop.uploads, / }).waitFor();
    await expectGoodLooks(cancel, 'run-waiting');
    await tabTo(cancel);
    await page.keyboard.press('Enter');
    await tabTo(confirmCancel(page));
    await page.keyboard.press('Enter');
    await cancel.waitFor({ state: 'detached' });
    await expectGoodLooks(page.getByText('Cancelled', { exact: true }), 'run-cancelled', ['light']);
  });

  it('reads why one failed whose helper pod was deleted, and what to do', async () => {
    const page = await world().headlamp.open(await startBig());
    await page
      .getByText(/[\d.]+ [KM]iB/)
      .first()
      .waitFor();
    await deleteHelpers(world().kubeUrl, BIG[0]);
    const alert = page.getByRole('alert').filter({ hasText: 'Failed while copying the archive' });
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/helper pod was deleted[^]*How to fix it/);
    await expectGoodLooks(alert, 'run-failed');
    const onClaim = await world().headlamp.open(claim(...BIG));
    await expectGoodLooks(runThat(onClaim, 'Failed'), 'claim-failed', ['light']);
  });

  it('reads which image no node could pull', async () => {
    const { playground, sidecar } = world();
    const other = await startSidecar({
      NKVM_KUBECONFIG: playground.kubeconfigFor('system:serviceaccount:nkvm:nkvm-runner'),
      NKVM_HELPER_IMAGE: 'registry.example/tools/none:1',
      NKVM_HELPER_IMAGE_TIMEOUT_SECONDS: '5',
    });
    onTestFinished(() => other.remove());
    playground.setServiceBackend('nkvm', 'nkvm', 'http', other.port);
    onTestFinished(() => playground.setServiceBackend('nkvm', 'nkvm', 'http', sidecar.port));
    const call = await callAsAdmin({ ...world(), sidecar: other });
    const { run } = await start(call, 'shop', 'uploads');
    const { id = '' } = run ?? {};
    const page = await world().headlamp.open(`/nkvm/backups/${id}?namespace=shop`);
    await ended(call, id);
    const alert = page
      .getByRole('alert')
      .filter({ hasText: 'Failed while waiting for the helper pod' });
    await expectGoodLooks(alert, 'run-failed-image', ['light']);
    expect(await alert.innerText()).toMatch(
      /registry\.example\/tools\/none:1[^]*NKVM_HELPER_IMAGE/
    );
  });
}

async function deleteHelpers(kubeUrl: string, namespace: string): Promise<void> {
  const pods = `${kubeUrl}/api/v1/namespaces/${namespace}/pods`;
  const { items } = (await (await fetch(pods)).json()) as {
    items: { metadata: { name: string } }[];
  };
  const helpers = items
    .map(({ metadata }) => metadata.name)
    .filter(name => name.startsWith('nkvm-'));
  expect(helpers).toHaveLength(1);
  await fetch(`${pods}/${helpers[0]}`, { method: 'DELETE' });
}
