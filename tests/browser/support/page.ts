import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, onTestFinished, type TestContext } from 'vitest';
import { type Headlamp, type HeadlampOptions, startHeadlamp } from './headlamp.ts';

const ROOT = join(import.meta.dirname, '../../..');
const ROW_MS = 60_000;

/** Headlamp for tests: each page is left with the test that opened it. */
export async function headlampOver(options: HeadlampOptions): Promise<Headlamp> {
  const headlamp = await startHeadlamp(options);
  return {
    async open(path, options = {}) {
      const before = (page: Page) => {
        onTestFinished(async ({ task }) => {
          if (task.result?.state === 'fail') await tellOf(page, task);
          // Requests that the test answers itself may be under way.
          await page.unrouteAll({ behavior: 'ignoreErrors' });
          await headlamp.release(page);
        });
        return Promise.resolve(options.before?.(page));
      };
      return await headlamp.open(path, { ...options, before });
    },
    url: headlamp.url,
    release: headlamp.release,
    cut: headlamp.cut,
    close: headlamp.close,
  };
}

/** Adds what a page showed to the error of its test, and keeps a picture of it: the error alone says only what it lacked. */
async function tellOf(page: Page, { name, result }: TestContext['task']): Promise<void> {
  await shoot(page, `failed/${name.replaceAll(/\W+/g, '-')}`).catch(() => undefined);
  const shown = await page
    .getByRole('main')
    .innerText({ timeout: 5_000 })
    .catch(error => `nothing: ${String(error)}`);
  const line = `${page.url()} showed ${shown.replaceAll(/\s*\n\s*/g, ' | ')}`;
  const told = (text: string) => text.replace(/\n|$/, `\n${line.replaceAll('$', '$$$$')}$&`);
  for (const error of result?.errors ?? []) {
    error.message = told(error.message);
    if (error.stack) error.stack = told(error.stack);
  }
}

/** Takes a picture of what the window shows. @param name below `screenshots/`, without the ending. */
export async function shoot(page: Page, name: string): Promise<void> {
  const path = join(ROOT, 'screenshots', `${name}.png`);
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: 'disabled' });
}

/** The row of a volume in the list, found as a person finds it: by the search above the table. */
export async function findRow(page: Page, name: string): Promise<Locator> {
  const search = page.getByPlaceholder('Search');
  if (!(await search.isVisible())) {
    await page.getByRole('button', { name: 'Show/Hide search' }).click();
  }
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
  await search.fill(name);
  // Where a person types while Headlamp's table renders an earlier search, it puts that text back (material-react-table).
  await expect
    .poll(
      async () => {
        if ((await search.inputValue()) !== name) await search.fill(name);
        return await row.isVisible();
      },
      { timeout: ROW_MS }
    )
    .toBe(true);
  return row;
}

/** Opens a page by its path within Headlamp, as a link does, without reloading. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(to => {
    history.pushState({}, '', to);
    dispatchEvent(new PopStateEvent('popstate', { state: {} }));
  }, path);
}

/** Expects that nothing is in front of it: a click would reach it. */
export const expectInSight = (target: Locator): Promise<void> =>
  target.click({ trial: true, timeout: 10_000 });

/** Presses Tab until the focus is on `target`. @throws Error when no Tab leads there. */
export async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  for (let tabs = 0; tabs < 80; tabs += 1) {
    if (await target.evaluate(element => element === document.activeElement)) return;
    await target.page().keyboard.press('Tab');
  }
  throw new Error(`no Tab leads to ${target}`);
}

/** @returns whether the page's own part fits into its width, without horizontal scrolling. */
export const isWhole = (page: Page): Promise<boolean> =>
  page.getByRole('main').evaluate(element => element.scrollWidth <= element.clientWidth);
