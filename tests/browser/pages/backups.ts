import { beforeAll, expect, it } from 'vitest';
import type { BackupList } from '../../../sidecar/api/index.ts';
import { backUp } from '../../cluster/support/backups.ts';
import { until } from '../../cluster/support/until.ts';
import { alter, API, holdUp, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

const BACKUPS = '/nkvm/backups';
const LIGHT = ['light'] as const;
/** A claim that is deleted before the tests begin. */
const GONE = { namespace: 'shop', name: 'closed-blog' };

/** What a person does on the page of all backups. */
export function backupsTests(world: Seen): void {
  beforeAll(async () => {
    const { playground, kubeUrl } = world();
    const call = await callAsAdmin(world());
    await backUp(call, 'shop', 'uploads');
    playground.apply([
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: GONE,
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'immediate',
          resources: { requests: { storage: '1Gi' } },
        },
      },
    ]);
    const { namespace, name } = GONE;
    await until(`${name} is bound`, () => playground.volumePath(namespace, name), 20_000);
    await until(`${name} is backed up`, () => backUp(call, namespace, name), 20_000);
    const url = `${kubeUrl}/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
    await fetch(url, { method: 'DELETE' });
    await until(`${name} is gone`, async () => !(await fetch(url)).ok, 20_000);
  });

  it('sees those of all volumes, also of one that is gone, and is led to each', async () => {
    const page = await world().headlamp.open(BACKUPS);
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: GONE.name }) });
    await row.getByText('Deleted').waitFor();
    await expectGoodLooks(row.getByText('Deleted'), 'backups');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/backups-${width}`);
      const excess = await page
        .getByRole('table')
        .evaluate(element => element.scrollWidth - (element.parentElement?.clientWidth ?? 0));
      expect(excess, `${width} px`).toBeLessThanOrEqual(0);
    }
    await row.getByRole('link', { name: /^Browse files/ }).click();
    await page.getByRole('heading', { name: 'Files of shop/closed-blog' }).waitFor();
    await page.goBack();
    await row.getByRole('link', { name: GONE.name }).click();
    await page.getByText(/^This volume does not exist/).waitFor();
    await page.goBack();
    await row.getByRole('link', { name: /ago|now/ }).click();
    await page.getByRole('heading', { name: 'Backup of shop/closed-blog' }).waitFor();
  });

  it('finds it in the sidebar, and narrows it down by its address and by hand', async () => {
    const page = await world().headlamp.open('/nkvm/volumes');
    await page.locator('a[href$="/nkvm/backups"]').first().click();
    await page.getByRole('link', { name: 'uploads' }).first().waitFor();
    await page.getByLabel('Volume').fill('closed');
    await page.getByRole('option', { name: GONE.name }).click();
    await page.getByRole('link', { name: 'uploads' }).first().waitFor({ state: 'detached' });
    await page.getByRole('link', { name: GONE.name }).waitFor();
    expect(new URL(page.url()).searchParams.get('name')).toBe(GONE.name);
    await page.getByLabel('Status').click();
    await page.getByRole('option', { name: 'Queued' }).click();
    const nothing = page.getByRole('heading', { name: 'No backup matches the filters' });
    await expectGoodLooks(nothing, 'backups-filtered');
    await page.reload();
    await nothing.waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('link', { name: 'uploads' }).first().waitFor();
  });

  it('reads that there are none, that they load, what broke, and that some are missing', async () => {
    const altered = (change: (list: BackupList) => BackupList) =>
      world().headlamp.open(BACKUPS, {
        before: page => alter<BackupList>(page, API.backups, change),
      });
    const none = await altered(list => ({ ...list, backups: [], nextCursor: null }));
    await expectGoodLooks(
      none.getByRole('heading', { name: 'No backups yet' }),
      'backups-empty',
      LIGHT
    );
    const some = await altered(list => ({ ...list, incomplete: true }));
    await expectGoodLooks(some.getByText(/^This list is incomplete/), 'backups-incomplete', LIGHT);
    let goOn = () => {};
    const slow = await world().headlamp.open(BACKUPS, {
      before: async page => (goOn = await holdUp(page, API.backups)),
    });
    await expectGoodLooks(
      slow.getByRole('main').getByRole('progressbar'),
      'backups-loading',
      LIGHT
    );
    goOn();
    await slow.getByRole('link', { name: GONE.name }).waitFor();
    const broken = await world().headlamp.open(BACKUPS, {
      before: page => page.route(API.backups, refuse(500, { message: 'it cannot be read' })),
    });
    await expectGoodLooks(broken.getByText('It cannot be read'), 'backups-error', LIGHT);
  });

  it('reads the right that is lacking', async () => {
    const kubeUrl = await world().playground.proxyAs('viewer');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open(BACKUPS);
    const right = page.getByText('You don’t have permission to create serviceaccounts/token');
    await expectGoodLooks(right, 'backups-no-right', LIGHT);
  });
}
