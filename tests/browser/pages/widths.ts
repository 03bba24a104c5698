import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';

/** Widths at which columns have to go, and others. */
const TIGHT = [620, 960, 1024, 1100];

/** How far the button sticks out of the window, or of the table around it, in px. */
async function excessOf(page: Page): Promise<number> {
  const button = page.getByRole('button', { name: 'Back up shop/orders-db' }).first();
  return await button.evaluate(element => {
    const table = element.closest('table');
    const right = Math.min(innerWidth, table?.getBoundingClientRect().right ?? innerWidth);
    return Math.max(0, Math.round(element.getBoundingClientRect().right - right));
  });
}

/** The list of volumes in windows of every width. */
export function widthTests(world: Seen): void {
  it('shows Back up at each of them', async () => {
    const page = await world().headlamp.open('/nkvm/volumes');
    const button = page.getByRole('button', { name: 'Back up shop/orders-db' }).first();
    await button.waitFor();
    for (const width of [...TIGHT, ...WIDTHS]) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/list-${width}`);
      await button.waitFor({ timeout: 5_000 });
      expect(await excessOf(page), `${width} px`).toBe(0);
    }
  });
}
