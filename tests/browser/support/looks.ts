import axe, { type AxeResults } from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { HEIGHT, NARROW, WIDE } from './headlamp.ts';
import { shoot } from './page.ts';

/**
 * Looks at what the page shows now in the themes, wide and narrow: takes a picture of each, and expects that
 * accessibility checks find nothing serious. Afterwards the page has the theme that it had.
 * @param sign is on the page when it shows what is looked at.
 * @param name of the pictures, below `screenshots/pages/`.
 */
export async function expectGoodLooks(
  sign: Locator,
  name: string,
  themes: readonly ('light' | 'dark')[] = ['light', 'dark']
): Promise<void> {
  const page = sign.page();
  await sign.waitFor();
  const shown = await themeOf(page);
  for (const colorScheme of [...themes].sort(theme => (theme === shown ? -1 : 1))) {
    await choose(page, colorScheme);
    for (const [size, width] of Object.entries({ wide: WIDE, narrow: NARROW })) {
      await page.setViewportSize({ width, height: HEIGHT });
      // Playwright's own would wait for a progress indicator to hold still.
      await sign.evaluate(element => element.scrollIntoView({ block: 'nearest' }));
      await shoot(page, `pages/${name}-${colorScheme}-${size}`);
      // A theme has the same colours at every width, and a page has the same contents in every theme.
      if (width === NARROW && colorScheme !== themes[0]) continue;
      expect(await seriousFindings(page), `${name}, ${colorScheme}, ${size}`).toEqual([]);
    }
  }
  await page.setViewportSize({ width: WIDE, height: HEIGHT });
  await choose(page, shown);
}

/** Chooses a theme, as in Headlamp's settings, where the page has another. */
async function choose(page: Page, theme: 'light' | 'dark'): Promise<void> {
  if ((await themeOf(page)) === theme) return;
  await page.evaluate(`dispatchEvent(new CustomEvent('choose-theme', { detail: '${theme}' }))`);
  await expect.poll(() => themeOf(page)).toBe(theme);
}

const themeOf = (page: Page): Promise<'light' | 'dark'> =>
  page.evaluate('getComputedStyle(document.documentElement).colorScheme');

/** What axe finds in the page's own part, serious or worse: the rule and the first element that breaks it. */
async function seriousFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe.source);
  // In text: the test runner gives names of imports another form, which the browser does not know.
  const { violations } = await page.evaluate<AxeResults>(
    "axe.run('main', { resultTypes: ['violations'] })"
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 300)}`));
}
