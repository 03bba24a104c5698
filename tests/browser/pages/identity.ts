import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { backUp } from '../../cluster/support/backups.ts';
import { until } from '../../cluster/support/until.ts';
import { findRow, shoot } from '../support/page.ts';
import type { Seen, SeenWorld } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

const draftOf = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace, name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'immediate',
    resources: { requests: { storage: '1Gi' } },
  },
});

/** Makes a claim until the end of the test, and waits until it has a volume. */
export async function claim(world: SeenWorld, namespace: string, name: string): Promise<void> {
  const { playground } = world;
  playground.apply([draftOf(namespace, name)]);
  onTestFinished(() => unclaim(world, namespace, name));
  await until(
    `${namespace}/${name} is bound`,
    () => playground.volumePath(namespace, name),
    20_000
  );
}

async function unclaim({ kubeUrl }: SeenWorld, namespace: string, name: string): Promise<void> {
  const url = `${kubeUrl}/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
  await fetch(url, { method: 'DELETE' });
  await until(`${namespace}/${name} is gone`, async () => !(await fetch(url)).ok, 20_000);
}

/** Clicks the name of a volume in the list. */
const clickOn = (page: Page, namespace: string, name: string): Promise<void> =>
  page
    .getByRole('row')
    .filter({ has: page.getByRole('link', { name: namespace, exact: true }) })
    .getByRole('link', { name, exact: true })
    .click();

/** Which volume it is: names alone say little. */
export function identityTests(world: Seen): void {
  it('has nothing good of a claim that was made again', async () => {
    await claim(world(), 'shop', 'reborn');
    const call = await callAsAdmin(world());
    const { id } = await until('a backup', () => backUp(call, 'shop', 'reborn'), 20_000);
    await unclaim(world(), 'shop', 'reborn');
    await claim(world(), 'shop', 'reborn');
    for (const path of ['/nkvm/volumes', '/storage/persistentvolumeclaims']) {
      const page = await world().headlamp.open(`${path}/shop/reborn`);
      await page.getByText('This volume has never been backed up.').waitFor();
      await page.getByRole('heading', { name: 'Earlier volume of this name' }).waitFor();
      await page.locator(`a[href*="/nkvm/backups/${id}"]`).first().waitFor();
      await shoot(page, `pages/made-again${path.replaceAll('/', '-')}`);
    }
    const list = await world().headlamp.open('/nkvm/volumes');
    const row = await findRow(list, 'reborn');
    await row.getByText('Not backed up').waitFor();
  });

  it('leads to the volume of the namespace that was clicked', async () => {
    for (const namespace of ['shop', 'billing']) await claim(world(), namespace, 'data');
    const page = await world().headlamp.open('/nkvm/volumes');
    for (const namespace of ['shop', 'billing']) {
      await clickOn(page, namespace, 'data');
      // Headlamp's details window stays with the first one once somebody has clicked in it.
      await page.getByRole('heading', { name: `Volume ${namespace}/data` }).click();
      await page
        .getByRole('button', { name: `Back up ${namespace}/data` })
        .or(page.getByRole('button', { name: 'Back up', exact: true }))
        .first()
        .waitFor();
      expect(new URL(page.url()).pathname).toBe(`/c/main/nkvm/volumes/${namespace}/data`);
      await page.goBack();
    }
  });
}
