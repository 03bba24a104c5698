import axe, { type AxeResults } from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { NARROW, shoot, WIDE } from './page.ts';

const HEIGHT = 950;

/**
 * Looks at what the page shows now in the themes, wide and narrow: takes a picture of each, and expects that
 * accessibility checks find nothing serious. The page opens light, and is loaded anew for dark.
 * @param sign is on the page when it shows what is looked at.
 * @param name of the pictures, below `screenshots/pages/`.
 */
export async function expectGoodLooks(
  sign: Locator,
  name: string,
  themes: readonly ('light' | 'dark')[] = ['light', 'dark']
): Promise<void> {
  const page = sign.page();
  for (const colorScheme of themes) {
    // Headlamp looks at what the system prefers once, when it is loaded.
    await page.emulateMedia({ colorScheme });
    if (colorScheme === 'dark') await page.reload();
    await sign.waitFor();
    const used = await page.evaluate('getComputedStyle(document.documentElement).colorScheme');
    expect(used).toBe(colorScheme);
    for (const [size, width] of Object.entries({ wide: WIDE, narrow: NARROW })) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `pages/${name}-${colorScheme}-${size}`);
      expect(await seriousFindings(page), `${name}, ${colorScheme}, ${size}`).toEqual([]);
    }
  }
  await page.setViewportSize({ width: WIDE, height: HEIGHT });
}

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
