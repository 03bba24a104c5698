import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type Headlamp, HEIGHT, WIDTHS } from '../support/headlamp.ts';
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
  const over = (...names: string[]): Promise<Headlamp> =>
    world().another({ clusters: names.map(name => ({ name, kubeUrl: world().kubeUrl })) });

  it.each([
    ['one cluster', ['main']],
    ['two clusters', ['main', 'east']],
  ])('shows Back up at each of them for %s', async (_, names) => {
    const headlamp = await over(...names);
    const page = await headlamp.open(`/c/${names.join('+')}/nkvm/volumes`);
    const button = page.getByRole('button', { name: 'Back up shop/orders-db' }).first();
    await button.waitFor();
    for (const width of [...TIGHT, ...WIDTHS]) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/${names.length}-clusters-${width}`);
      await button.waitFor({ timeout: 5_000 });
      expect(await excessOf(page), `${width} px`).toBe(0);
    }
  });

  it.each([
    ['light', ['main']],
    ['dark', ['main']],
    ['light', ['main', 'east']],
  ] as const)('is whole at each of them in the %s theme for %j', async (theme, names) => {
    const headlamp = names.length > 1 ? await over(...names) : world().headlamp;
    const page = await headlamp.open(`/c/${names.join('+')}/nkvm/volumes`, { theme });
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).first().waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/list-${theme}-${names.length}-${width}`);
      const wide = await page
        .getByRole('table')
        .evaluate(element => element.scrollWidth - element.clientWidth);
      expect(wide, `${width} px`).toBeLessThanOrEqual(0);
    }
  });
}
