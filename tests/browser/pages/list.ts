import { expect, it } from 'vitest';
import { expectGoodLooks } from '../support/looks.ts';
import { findRow, tabTo } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';

const VOLUMES = '/nkvm/volumes';

/** What a person does in the list of volumes. */
export function listTests(world: Seen): void {
  it('sees owners, states and what to do next', async () => {
    const page = await world().headlamp.open(VOLUMES);
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).waitFor();
    await expectGoodLooks(page.getByRole('button', { name: 'Back up shop/orders-db' }), 'volumes', [
      'light',
    ]);
    expect(await (await findRow(page, 'media')).innerText()).toMatch(/storefront[^]*thumbnailer/);
    expect(await (await findRow(page, 'not-yet-used')).innerText()).toContain('Not bound');
  });

  it('starts a backup with the keyboard alone', async () => {
    const page = await world().headlamp.open(VOLUMES);
    await findRow(page, 'uploads');
    await tabTo(page.getByRole('button', { name: 'Back up shop/uploads' }));
    await page.keyboard.press('Enter');
    await page.getByText('Backing up shop/uploads').waitFor();
    await page
      .getByRole('row', { name: /uploads/ })
      .getByText('Backed up')
      .waitFor();
  });

  it('backs up several volumes at once', async () => {
    const page = await world().headlamp.open(VOLUMES);
    for (const name of ['orders-db', 'search-index']) {
      const link = page.getByRole('link', { name, exact: true });
      await page.getByRole('row').filter({ has: link }).getByRole('checkbox').click();
    }
    await page.getByRole('button', { name: 'Back up 2 volumes' }).click();
    await page.getByText('2 backups started').waitFor();
    for (const name of ['orders-db', 'search-index']) {
      await (await findRow(page, name)).getByText('Backed up').waitFor();
    }
  });

  it('reads how to open a namespace that is closed for backups', async () => {
    const page = await world().headlamp.open(VOLUMES);
    await findRow(page, 'secrets');
    await page.getByRole('button', { name: 'Allow backups in namespace vault' }).click();
    await page.getByText('kubectl create rolebinding nkvm-runtime -n vault').waitFor();
  });

  it('sees the volumes of the chosen namespaces alone', async () => {
    const page = await world().headlamp.open(`${VOLUMES}?namespace=billing`);
    await page.getByRole('link', { name: 'ledger', exact: true }).first().waitFor();
    expect(await page.getByRole('link', { name: 'orders-db', exact: true }).count()).toBe(0);
  });
}
