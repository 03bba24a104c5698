import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Download, Locator, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import type { FileList } from '../../../sidecar/api/index.ts';
import { backUp } from '../../cluster/support/backups.ts';
import { API, holdUp, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { shoot, tabTo } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin, employ } from '../support/worlds.ts';

const CLAIM = { namespace: 'billing', name: 'reports' };
const LIGHT = ['light'] as const;
const PART = '2026/11/part-001.dat';

const grid = (page: Page): Locator => page.getByRole('grid');
const row = (page: Page, name: string): Locator =>
  grid(page)
    .getByRole('row')
    .filter({ has: page.getByRole('button', { name, exact: true }) });

/** The text of the row that keys act on. */
const activeRow = (page: Page): Promise<string> =>
  grid(page).evaluate(
    element =>
      document.getElementById(element.getAttribute('aria-activedescendant') ?? '')?.innerText ?? ''
  );

/** Does something that begins a download. @returns what was saved. */
async function downloaded(page: Page, begin: () => Promise<unknown>): Promise<Download> {
  const [download] = await Promise.all([page.waitForEvent('download'), begin()]);
  expect(await download.failure()).toBeNull();
  return download;
}

/** What a person does with the files of a backup. */
export function filesTests(world: Seen): void {
  let volume: string;
  let first: string;
  let second: string;
  const files = (id = second, query = '') =>
    `/nkvm/backups/${id}/files?namespace=${CLAIM.namespace}${query}`;

  beforeAll(async () => {
    const call = await callAsAdmin(world());
    volume = world().playground.volumePath(CLAIM.namespace, CLAIM.name);
    ({ id: first } = await backUp(call, CLAIM.namespace, CLAIM.name));
    await writeFile(join(volume, 'new.txt'), 'was not there before\n');
    await writeFile(
      join(volume, 'README.txt'),
      'another text, which is longer than the one before\n'
    );
    ({ id: second } = await backUp(call, CLAIM.namespace, CLAIM.name));
  });

  it('walks through folders with the keyboard alone, and selects', async () => {
    const page = await world().headlamp.open(files());
    await row(page, '2026').waitFor();
    await expectGoodLooks(row(page, '2026'), 'files');
    await tabTo(grid(page));
    expect(await activeRow(page)).toContain('2026');
    await page.keyboard.press('Enter');
    await row(page, '11').waitFor();
    await page.keyboard.press('Enter');
    await row(page, 'part-000.dat').waitFor();
    for (const key of ['ArrowDown', 'Space', 'End', 'Space']) await page.keyboard.press(key);
    // In the present theme only: another one would reload the page, without a selection.
    await expectGoodLooks(page.getByText('2 selected'), 'files-selected', ['dark']);
    expect(new URL(page.url()).searchParams.get('path')).toBe('2026/11');
  });

  it('goes up again with Backspace, with the breadcrumb and with Back', async () => {
    const page = await world().headlamp.open(files(second, '&path=2026/11'));
    await row(page, 'part-000.dat').waitFor();
    await tabTo(grid(page));
    await page.keyboard.press('Backspace');
    await row(page, '11').waitFor();
    await page.getByRole('navigation', { name: 'Folder' }).getByText(CLAIM.name).click();
    await row(page, 'README.txt').waitFor();
    await page.goBack();
    await row(page, '11').waitFor();
  });

  it('finds files by name and size, and reads what is known of one', async () => {
    const page = await world().headlamp.open(files());
    await page.getByRole('textbox', { name: 'Search by name' }).fill('PART');
    await page.getByText('12 found').waitFor();
    await page.getByRole('button', { name: 'Filter by size and time' }).click();
    await page.getByLabel('At most').fill('1 KiB');
    await page.getByLabel('At most').press('Enter');
    await expectGoodLooks(page.getByText('Nothing in this folder matches.'), 'files-none', LIGHT);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Clear search' }).first().click();
    await row(page, 'latest').getByRole('button').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Symbolic link').waitFor();
    await shoot(page, 'pages/files-details');
  });

  it('downloads a file, a selection and the archive', async () => {
    const page = await world().headlamp.open(files(second, '&path=2026/11'));
    await row(page, 'part-001.dat').getByRole('button').click();
    const file = await downloaded(page, () =>
      page.getByRole('dialog').getByRole('button', { name: 'Download' }).click()
    );
    expect(file.suggestedFilename()).toBe('part-001.dat');
    expect(await readFile(await file.path())).toEqual(await readFile(join(volume, PART)));
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();

    for (const name of ['part-001.dat', 'part-002.dat']) {
      await page.getByRole('checkbox', { name: `Select ${name}` }).click();
    }
    const some = await downloaded(page, () =>
      page.getByRole('button', { name: 'Download the selection' }).click()
    );
    expect(
      listOf(await some.path())
        .filter(path => !path.endsWith('/'))
        .sort()
    ).toEqual([PART, PART.replace('1.dat', '2.dat')]);
    const all = await downloaded(page, () =>
      page.getByRole('button', { name: 'Download archive of billing/reports' }).click()
    );
    expect(all.suggestedFilename()).toMatch(/__billing__reports__.*\.tar\.gz$/);
    expect(listOf(await all.path())).toContain('new.txt');
  });

  it('sees the versions of a file, and has an older one', async () => {
    const page = await world().headlamp.open(files());
    await row(page, 'README.txt').getByRole('button').click();
    await page.getByRole('dialog').getByRole('link', { name: 'Versions' }).click();
    const heading = page.getByRole('heading', { name: 'Versions of README.txt' });
    await heading.waitFor();
    await page.getByRole('row').nth(2).waitFor();
    await expectGoodLooks(heading, 'versions');
    const older = await downloaded(page, () =>
      page
        .getByRole('row')
        .nth(2)
        .getByRole('button', { name: /^Download the version/ })
        .click()
    );
    expect(await readFile(await older.path(), 'utf8')).toMatch(/^These are real files/);
  });

  it('compares two backups', async () => {
    const page = await world().headlamp.open(files());
    await page.getByRole('link', { name: 'Compare backups…' }).click();
    const added = page.getByRole('row').filter({ hasText: 'new.txt' });
    await added.getByText('Added').waitFor();
    await page.getByRole('row').filter({ hasText: 'README.txt' }).getByText('Changed').waitFor();
    await expectGoodLooks(added, 'comparison');
    await page.getByRole('link', { name: 'new.txt' }).click();
    await row(page, 'new.txt').waitFor();
  });

  it('leads to a restore of what is selected', async () => {
    const page = await world().headlamp.open(files());
    await page.getByRole('checkbox', { name: 'Select README.txt' }).click();
    await page.getByRole('link', { name: 'Restore… the selection' }).click();
    await page.getByText('README.txt').first().waitFor();
    expect(new URL(page.url()).searchParams.getAll('paths')).toEqual(['README.txt']);
  });

  it('sees all of it at every width, and thousands of files without delay', async () => {
    const page = await world().headlamp.open(files(second, '&path=2026/11'), {
      before: page => withMany(page, 3_000),
    });
    await row(page, 'part-000.dat').waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/files-${width}`);
      const excess = await grid(page).evaluate(
        element => element.scrollWidth - element.clientWidth
      );
      expect(excess, `${width} px`).toBeLessThanOrEqual(0);
    }
    await tabTo(grid(page));
    await page.keyboard.press('End');
    await page.waitForFunction(
      'document.activeElement.querySelector(\'[aria-rowindex="501"]\') !== null'
    );
    expect(await grid(page).getByRole('row').count()).toBeLessThan(60);
    expect(await grid(page).getAttribute('aria-rowcount')).toBe('3001');
  });

  it('reads that it loads, what broke, and that there is no such folder', async () => {
    let goOn = () => {};
    const slow = await world().headlamp.open(files(), {
      before: async page => (goOn = await holdUp(page, API.files)),
    });
    await expectGoodLooks(slow.getByText(/^Opening the archive/), 'files-loading', LIGHT);
    goOn();
    await row(slow, '2026').waitFor();
    const broken = await world().headlamp.open(files(), {
      before: page => page.route(API.files, refuse(500, { message: 'the index cannot be read' })),
    });
    await expectGoodLooks(broken.getByText('The index cannot be read'), 'files-error', LIGHT);
    const nowhere = await world().headlamp.open(files(second, '&path=no/where'));
    await expectGoodLooks(
      nowhere.getByText('This archive does not contain the folder.'),
      'files-no-folder',
      LIGHT
    );
  });

  it('reads the right that is lacking', async () => {
    employ(world(), 'clerk', CLAIM.namespace);
    const kubeUrl = await world().playground.proxyAs('clerk');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open(files(first));
    const right = page.getByText(/may not get persistentvolumeclaims.archive/);
    await expectGoodLooks(right, 'files-no-right', LIGHT);
  });
}

/** Makes a folder look as if it had so many files. */
const withMany = (page: Page, count: number): Promise<unknown> =>
  page.route(API.files, async route => {
    const { searchParams } = new URL(route.request().url());
    const from = Number(searchParams.get('cursor') ?? 0);
    searchParams.delete('cursor');
    const [address] = route.request().url().split('?');
    const response = await route.fetch({ url: `${address}?${searchParams}` });
    const list = (await response.json()) as FileList;
    const [like] = list.files;
    const rows = Array.from({ length: Math.min(500, count - from) }, (_, at) => {
      const name = `part-${String(from + at).padStart(3, '0')}.dat`;
      return { ...like, name, path: `2026/11/${name}` };
    });
    const next = from + rows.length;
    const nextCursor = next < count ? String(next) : null;
    await route.fulfill({ response, json: { ...list, files: rows, total: count, nextCursor } });
  });

/** @returns the names in an archive, as tar lists them, without `./`. */
const listOf = (path: string): string[] =>
  execFileSync('tar', ['-tzf', path], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(name => name.replace(/^\.\//, ''));
