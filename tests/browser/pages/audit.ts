import { expect, it } from 'vitest';
import { backUp } from '../../cluster/support/backups.ts';
import { API, holdUp, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { isWhole, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

const PAGE = '/nkvm/audit';
const LIGHT = ['light'] as const;

/** What an administrator does with the audit log. */
export function auditTests(world: Seen): void {
  it('finds an own call with its target, opens it, checks the chain, and exports the table', async () => {
    await backUp(await callAsAdmin(world()), 'shop', 'orders-db');
    const page = await world().headlamp.open(PAGE);
    const action = page.getByText('backup.start', { exact: true }).first();
    await expectGoodLooks(action, 'audit');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/audit-${width}`);
      expect(await isWhole(page), `${width} px`).toBe(true);
    }
    await page
      .getByRole('button', { name: /^Details of entry/ })
      .first()
      .click();
    await page.getByText('Hash of this entry').waitFor();
    await shoot(page, 'pages/audit-entry');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText(/^No entry from 1 to \d+ was changed or deleted/).waitFor();
    await shoot(page, 'pages/audit-checked');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export as CSV' }).click();
    expect((await download).suggestedFilename()).toMatch(/^nkvm-audit-.*\.csv$/);
  });

  it('reads that it loads, that nothing matches, what failed, and which right is lacking', async () => {
    let goOn = () => {};
    const slow = await world().headlamp.open(PAGE, {
      before: async page => (goOn = await holdUp(page, API.audit)),
    });
    await expectGoodLooks(slow.getByRole('main').getByRole('progressbar'), 'audit-loading', LIGHT);
    goOn();
    const none = await world().headlamp.open(`${PAGE}?who=somebody-else`);
    await expectGoodLooks(none.getByText('No entry matches the filters'), 'audit-none', LIGHT);
    const broken = await world().headlamp.open(PAGE, {
      before: page => page.route(API.audit, refuse(500, { message: 'it cannot be read' })),
    });
    await expectGoodLooks(broken.getByText('It cannot be read'), 'audit-error', LIGHT);
    const message = 'ann may not get audit.nkvm.io in namespace nkvm';
    const denied = await world().headlamp.open(PAGE, {
      before: page => page.route(API.audit, refuse(403, { message })),
    });
    await expectGoodLooks(denied.getByText(/get audit\.nkvm\.io/), 'audit-denied', LIGHT);
  });
}
