import { expect, it } from 'vitest';
import { expectGoodLooks } from '../support/looks.ts';
import type { Seen } from '../support/worlds.ts';
import { employ } from '../support/worlds.ts';

const VOLUMES = '/nkvm/volumes';

/** Who is in front of the page, and what each of them is shown. */
export function peopleTests(world: Seen): void {
  it('lets somebody without a right try in namespace default, where the cluster names none', async () => {
    const kubeUrl = await world().playground.proxyAs('viewer');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open(VOLUMES);
    await page.getByRole('heading', { name: 'No access to backups' }).waitFor();
    const text = await page.getByRole('main').innerText();
    expect(text).toMatch(/nkvm-user in namespace default[^]*Allowed namespaces/);
    expect(text).not.toContain('nkvm-admin');
  });

  it('takes the namespaces that Headlamp’s settings allow, where none is chosen', async () => {
    employ(world(), 'worker', 'billing');
    const kubeUrl = await world().playground.proxyAs('worker');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open(VOLUMES, {
      before: page =>
        page.addInitScript(() =>
          localStorage.setItem(
            'cluster_settings.main',
            JSON.stringify({ allowedNamespaces: ['billing'] })
          )
        ),
    });
    const button = page.getByRole('button', { name: 'Back up billing/ledger' });
    await button.waitFor();
    await expectGoodLooks(button, 'volumes-of-one-namespace', ['light']);
    expect(await page.getByRole('main').innerText()).not.toContain('orders-db');
  });
}
