/** `npm run screenshots`: takes README's pictures, of the demo's shop after some real backups, into docs/images/. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { backUp, start } from '../cluster/support/backups.ts';
import { adminToken, makeHistory, playgroundWorld } from '../demo/playgroundWorld.ts';
import { prepare } from '../demo/prepare.ts';
import { findChromium } from './support/chromium.ts';
import type { Headlamp } from './support/headlamp.ts';
import { startHeadlamp, WIDE } from './support/headlamp.ts';

const IMAGES = join(import.meta.dirname, '../../docs/images');
/** Big enough to be seen while it is backed up. */
const BIG = ['billing', 'statements'] as const;
/** Below the last thing in a picture, in px. */
const MARGIN = 32;

if (!findChromium()) {
  console.error('There is no Chromium on PATH: install it (on Debian: apt install chromium).');
  process.exit(1);
}

const opened: { stop(): Promise<void> }[] = [];
let isStopping = false;
async function stop(code: number): Promise<never> {
  if (isStopping) return await new Promise(() => undefined);
  isStopping = true;
  for (const each of opened.reverse()) await each.stop().catch(() => undefined);
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop(130));
}

try {
  await takeAll();
} catch (error) {
  console.error(`The pictures cannot be taken: ${(error as Error).message}`);
  await stop(1);
}
await stop(0);

async function takeAll(): Promise<void> {
  await prepare(say);
  const world = await playgroundWorld('admin', say);
  opened.push(world);
  const headlamp = await startHeadlamp({
    clusters: [{ name: 'main', kubeUrl: world.kubeUrl }],
    handlesSignals: false,
  });
  opened.push({ stop: () => headlamp.close() });

  say('Making some history, by real backups');
  await makeHistory(world);
  const token = await adminToken(world.kubeUrl);
  const call = (path: string, init?: RequestInit) => world.sidecar.fetch(path, token, init);
  const run = await backUp(call, ...BIG);

  mkdirSync(IMAGES, { recursive: true });
  for (const theme of ['light', 'dark'] as const) {
    const page = await headlamp.open('/nkvm/volumes', { theme });
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).waitFor();
    await take(page, theme === 'light' ? 'volumes' : 'volumes-dark');
  }
  await takeRun(headlamp, `/nkvm/backups/${run.id}?namespace=${run.namespace}`);
  await takeClaim(headlamp, () => start(call, ...BIG));
}

async function takeRun(headlamp: Headlamp, path: string): Promise<void> {
  const page = await headlamp.open(path);
  await showDownTo(page, page.getByText(/^tar --extract/));
  await take(page, 'run');
}

/** While bytes flow, below what was backed up before. */
async function takeClaim(headlamp: Headlamp, startRun: () => Promise<unknown>): Promise<void> {
  const page = await headlamp.open(`/storage/persistentvolumeclaims/${BIG.join('/')}`);
  await page.getByText('Succeeded', { exact: true }).waitFor();
  await startRun();
  await page.reload();
  await page.getByText(/[KM]iB\/s/).waitFor();
  await showDownTo(page, page.getByText('All backups of this volume'));
  await take(page, 'claim');
}

/** Makes the window high enough for everything down to `last`. */
async function showDownTo(page: Page, last: Locator): Promise<void> {
  await last.waitFor();
  const { y, height } = (await last.boundingBox()) ?? { y: 0, height: 0 };
  await page.setViewportSize({ width: WIDE, height: Math.ceil(y + height) + MARGIN });
}

async function take(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(IMAGES, `${name}.png`), animations: 'disabled' });
  console.log(`  docs/images/${name}.png`);
  await page.close();
}

function say(text: string): void {
  console.log(`… ${text}`);
}
