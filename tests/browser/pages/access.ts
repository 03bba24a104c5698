import { expect, it } from 'vitest';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import type { Seen } from '../support/worlds.ts';
import { employ } from '../support/worlds.ts';

const PAGE = '/nkvm/access/shop';

/** The page of who can do what in a namespace. */
export function accessTests(world: Seen): void {
  it('sees who can do what, and lets somebody do more with Apply', async () => {
    employ(world(), 'ann', 'shop');
    const page = await world().headlamp.open(PAGE);
    const table = page.getByRole('table', { name: 'Access in namespace shop' });
    const row = table.getByRole('row', { name: /^nkvm-user/ });
    await row.waitFor();
    expect(await row.innerText()).toContain('Needs create persistentvolumeclaims/restore');
    expect(await table.getByRole('row', { name: /^ann/ }).innerText()).toContain(
      'Can create tokens of the account that these pages use'
    );
    await expectGoodLooks(page.getByRole('button', { name: 'Apply' }), 'access');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      const excess = await page
        .getByRole('main')
        .evaluate(element => element.scrollWidth - element.clientWidth);
      expect(excess, `${width} px`).toBeLessThanOrEqual(0);
    }
    await page.getByLabel('nkvm-restorer').check();
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('shop/nkvm-user now has nkvm-restorer in shop.').waitFor();
    await row
      .getByText('Needs create persistentvolumeclaims/restore')
      .waitFor({ state: 'detached' });
    expect(await row.innerText()).not.toContain('Needs');
  });

  it('who may only use NKVM sees their own permissions, and whom to ask', async () => {
    employ(world(), 'bob', 'billing');
    const kubeUrl = await world().playground.proxyAs('bob');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open('/nkvm/access/billing');
    await page.getByText('system:serviceaccount:billing:nkvm-user').waitFor();
    const sign = page.getByText(/Only people with the permission to list rolebindings/);
    await expectGoodLooks(sign, 'access-of-operator');
    expect(await page.getByRole('button', { name: 'Apply' }).count()).toBe(0);
  });
}
