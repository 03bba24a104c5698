import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Backup } from '../../../sidecar/api/index.ts';
import { backUp } from '../../cluster/support/backups.ts';
import { alter, API } from '../support/api.ts';
import { type Headlamp, HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { isWhole, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';
import { claim } from './identity.ts';

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

/** The longest name that a claim or a Secret can have, without a place to break it. */
const LONGEST = 'x'.repeat(253);

/** @returns the words, and how they are broken, that begin in one line and end in another. */
const brokenWords = (page: Page): Promise<string[]> =>
  page.getByRole('main').evaluate(main => {
    const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    const broken: string[] = [];
    while (texts.nextNode()) {
      const node = texts.currentNode as Text;
      for (const { 0: word, index } of node.data.matchAll(/(?<!\S)\p{L}{2,14}(?!\S)/gu)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (new Set(Array.from(range.getClientRects(), ({ top }) => top)).size > 1)
          broken.push(word);
      }
    }
    return broken;
  });

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

  it('shows the longest names in whole pages, and breaks no other word', async () => {
    await claim(world(), 'shop', LONGEST);
    const { id } = await backUp(await callAsAdmin(world()), 'shop', LONGEST);
    const query = `namespace=shop&volume=${LONGEST}&backup=${id}`;
    const pages: [path: string, sign: (page: Page) => Locator][] = [
      ['/nkvm/volumes', page => page.getByRole('link', { name: LONGEST })],
      [`/nkvm/volumes/shop/${LONGEST}`, page => page.getByText('Retention', { exact: true })],
      ['/nkvm/backups', page => page.getByRole('link', { name: LONGEST })],
      [`/nkvm/backups/${id}?namespace=shop`, page => page.getByText('Present')],
      [`/nkvm/restore?${query}`, page => page.getByText('Newest')],
      ['/nkvm/audit', page => page.getByText(`shop/${LONGEST}`)],
    ];
    for (const [path, sign] of pages) {
      const page = await world().headlamp.open(path, {
        // Destinations, too, have long names.
        before: page =>
          alter<Backup>(page, API.run, run => ({
            ...run,
            destinations: [LONGEST],
            copies: run.copies.map(copy => ({ ...copy, destination: LONGEST })),
          })),
      });
      await sign(page).first().waitFor();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT });
        await shoot(page, `widths/longest${path.split(/[?x]/)[0]?.replaceAll('/', '-')}-${width}`);
        expect(await isWhole(page), `${path} at ${width} px`).toBe(true);
        expect(await brokenWords(page), `${path} at ${width} px`).toEqual([]);
      }
    }
  });
}
