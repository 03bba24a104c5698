/**
 * How long the list of volumes takes to sort and to select with many volumes, and how much it downloads while a backup
 * goes on. Needs Chromium and no cluster; the volumes that are not there are added in the browser.
 *
 *     node tests/bench/browser.bench.ts
 */
import type { Page } from 'playwright-core';
import { launchChromium } from '../browser/support/chromium.ts';
import { startHeadlamp } from '../browser/support/headlamp.ts';
import { countBytes, withMany } from '../browser/support/many.ts';
import { ended, start } from '../cluster/support/backups.ts';
import { adminToken, playgroundWorld } from '../demo/playgroundWorld.ts';
import { prepare } from '../demo/prepare.ts';

const VOLUMES = 5_000;
const TIMES = 7;
/** A click that takes longer is felt. */
const LIMIT_MS = 200;

await prepare(text => console.error(`… ${text}`));
const world = await playgroundWorld('admin', () => undefined);
const browser = await launchChromium();
const headlamp = await startHeadlamp({
  clusters: [{ name: 'main', kubeUrl: world.kubeUrl }],
  browser,
});
try {
  const begun = performance.now();
  const page = await headlamp.open('/nkvm/volumes', { before: page => withMany(page, VOLUMES) });
  await page
    .getByRole('button', { name: /^Back up/ })
    .first()
    .waitFor();
  report(`first row of ${VOLUMES} volumes`, [performance.now() - begun]);

  const sort = page.getByRole('columnheader', { name: 'Volume' }).getByText('Volume');
  report('sort by name', await repeat(() => blocked(page, () => sort.click())), LIMIT_MS);
  const box = page.getByRole('row').nth(1).getByRole('checkbox');
  report('select one', await repeat(() => blocked(page, () => box.click())), LIMIT_MS);

  const bytes = await countBytes(page);
  const token = await adminToken(world.kubeUrl);
  const call = (path: string, init?: RequestInit) => world.sidecar.fetch(path, token, init);
  const { run } = await start(call, 'billing', 'statements');
  await ended(call, run?.id ?? '');
  const sizes = [...bytes.values()];
  console.log(
    `one backup: ${sizes.length} requests, largest ${kib(Math.max(0, ...sizes))}, all ${kib(
      sizes.reduce((sum, size) => sum + size, 0)
    )}`
  );
} finally {
  await headlamp.close();
  await browser.close();
  await world.stop();
}

async function repeat(once: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  while (times.length < TIMES) times.push(await once());
  return times;
}

/** @returns for how long the page's thread was busy with it, in ms: until the frame after the click was drawn. */
async function blocked(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    const state = globalThis as { clickedAt?: number; drawnAt?: number };
    delete state.drawnAt;
    addEventListener(
      'click',
      () => {
        state.clickedAt = performance.now();
        requestAnimationFrame(() => setTimeout(() => (state.drawnAt = performance.now())));
      },
      { once: true, capture: true }
    );
  });
  await act();
  return (await page.evaluate(async () => {
    const state = globalThis as { clickedAt?: number; drawnAt?: number };
    while (!state.drawnAt) await new Promise(done => requestAnimationFrame(done));
    return state.drawnAt - (state.clickedAt ?? 0);
  })) as number;
}

function report(name: string, times: number[], limitMs?: number): void {
  const [median = 0] = [...times].sort((a, b) => a - b).slice(Math.floor(times.length / 2));
  const limit = limitMs ? ` (limit ${limitMs} ms)` : '';
  console.log(
    `${name}: ${median.toFixed(0)} ms, at most ${Math.max(...times).toFixed(0)} ms${limit}`
  );
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}
