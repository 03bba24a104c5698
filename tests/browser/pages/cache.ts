import { expect, it } from 'vitest';
import { SERVICE_PROXY_PATH } from '../../../sidecar/api/names.ts';
import { backUp } from '../../cluster/support/backups.ts';
import { API } from '../support/api.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

const claim = (namespace: string, name: string) =>
  `/storage/persistentvolumeclaims/${namespace}/${name}`;

/** What is shown when headlamp-server keeps answers (`-cache-enabled`). */
export function cacheTests(world: Seen): void {
  const cached = () =>
    world().another({
      clusters: [{ name: 'main', kubeUrl: world().kubeUrl }],
      isCacheEnabled: true,
    });

  it('shows each claim its own backups', async () => {
    await backUp(await callAsAdmin(world()), 'billing', 'ledger');
    const headlamp = await cached();
    const backedUp = await headlamp.open(claim('billing', 'ledger'));
    await backedUp.locator('a[href*="/nkvm/backups/"]').first().waitFor();
    const never = await headlamp.open(claim('billing', 'shipped-logs'));
    await never.getByText(/never been backed up/).waitFor();
    expect(await never.locator('a[href*="/nkvm/backups/"]').count()).toBe(0);
  });

  it('shows a backup from its start to its end', async () => {
    const headlamp = await cached();
    const page = await headlamp.open(claim('billing', 'reports'));
    await page.getByText(/never been backed up/).waitFor();
    await page.getByRole('button', { name: 'Back up', exact: true }).click();
    await page.locator('a[href*="/nkvm/backups/"]').first().click();
    await page.getByRole('heading', { name: /^Backup of billing\/reports/ }).waitFor();
    await page.getByText('Succeeded', { exact: true }).first().waitFor();
  });

  it('keeps nothing that somebody without a token could be given', async () => {
    const headlamp = await cached();
    const page = await headlamp.open('/nkvm/volumes');
    await page
      .getByRole('button', { name: /^Back up shop/ })
      .first()
      .waitFor();
    for (const path of ['volumes', 'backups', 'info', 'volumes?namespace=shop']) {
      const url = `${headlamp.url}/clusters/main${SERVICE_PROXY_PATH}/api/v1/${path}`;
      expect((await fetch(url)).status, path).toBe(401);
    }
  });

  it('names the flag where an answer comes from that cache all the same', async () => {
    const page = await world().headlamp.open('/nkvm/volumes', {
      before: page =>
        page.route(API.all, route =>
          route.fulfill({ headers: { 'x-headlamp-cache': 'true' }, json: { volumes: [] } })
        ),
    });
    await page
      .getByText(/-cache-enabled/)
      .first()
      .waitFor();
    expect(await page.getByRole('main').innerText()).not.toContain('orders-db');
  });
}
