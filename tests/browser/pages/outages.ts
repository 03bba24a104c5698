import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import type { StartedBackups, VolumeList } from '../../../sidecar/api/index.ts';
import { ended, start } from '../../cluster/support/backups.ts';
import { alter, API, refuse } from '../support/api.ts';
import { expectInSight, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin, silence, taintNodes } from '../support/worlds.ts';

const VOLUME = ['shop', 'uploads'] as const;
const REFUSED = 50;

/** Until `ask` says so, all new requests of the page get `answer`. @returns how many have got it. */
async function refuseAll(page: Page, status: number): Promise<() => number> {
  let count = 0;
  await page.route(API.all, async route => {
    count += 1;
    await refuse(status, { code: 'Refused', message: `refused with ${status}` })(route);
  });
  return () => count;
}

/** What a page shows while the backup service is unavailable, or a right is missing, for a while. */
export function outageTests(world: Seen): void {
  /** Starts a backup that waits for a node until the test ends, and is cancelled then at the latest. */
  async function startWaiting() {
    await taintNodes(world().kubeUrl, [
      { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' },
    ]);
    onTestFinished(() => taintNodes(world().kubeUrl, []));
    const call = await callAsAdmin(world());
    const { run, problem } = await start(call, ...VOLUME);
    if (!run) throw new Error(problem?.message);
    const cancel = () => call(`/api/v1/backups/${run.id}/cancel`, { method: 'POST' });
    onTestFinished(async () => {
      await cancel();
      await ended(call, run.id);
    });
    return { path: `/nkvm/backups/${run.id}?namespace=${run.namespace}`, cancel };
  }
  const cancelOf = (page: Page) =>
    page.getByRole('button', { name: `Cancel the backup of ${VOLUME.join('/')}` });

  it.each([401, 403, 404])('follows a run on its page again after a %d', async status => {
    const { path, cancel } = await startWaiting();
    let isFollowed: Promise<unknown> | undefined;
    const page = await world().headlamp.open(path, {
      before: async page => void (isFollowed = page.waitForResponse(API.runEvents)),
    });
    await cancelOf(page).waitFor();
    // A request that is under way now might arrive after the cut.
    await isFollowed;
    const refused = await refuseAll(page, status);
    world().headlamp.cut();
    await expect.poll(refused, { timeout: 20_000 }).toBeGreaterThan(1);
    await page.unroute(API.all);
    await cancel();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
  });

  it.each([
    ['run', undefined],
    ['claim', '/storage/persistentvolumeclaims/'],
    ['volume', '/nkvm/volumes/'],
    ['list', '/nkvm/volumes'],
  ])('keeps a %s when requests fail, warns, and takes the warning back', async (name, before) => {
    const { path } = await startWaiting();
    const page = await world().headlamp.open(
      before === undefined ? path : before.endsWith('/') ? before + VOLUME.join('/') : before
    );
    const link = page.locator(`a[href*="${path.split('?')[0]}"]`).first();
    const known = name === 'run' ? cancelOf(page) : link;
    await known.waitFor();
    const comeBack = await silence(world());
    world().headlamp.cut();
    const warning = page.getByText(/may be out of date/).first();
    await warning.waitFor();
    await shoot(page, `pages/${name}-stale`);
    expect(await known.isVisible()).toBe(true);
    comeBack();
    await warning.waitFor({ state: 'detached' });
  });

  it('shows a run without an answer to anything else', async () => {
    const { path } = await startWaiting();
    const page = await world().headlamp.open(path, {
      before: page => page.route(API.info, refuse(503, { message: 'no endpoints available' })),
    });
    await cancelOf(page).waitFor();
  });

  it('lets the refusals of 50 volumes be read and closed', async () => {
    const names = Array.from({ length: REFUSED + 1 }, (_, index) => `many-${index}`);
    const page = await world().headlamp.open('/nkvm/volumes', {
      before: async page => {
        await page.route(API.changes, route => route.abort());
        await alter<VolumeList>(page, API.volumes, list => {
          const like = list.volumes.find(({ name }) => name === 'notes')!;
          return { ...list, volumes: names.map(name => ({ ...like, name, uid: name })) };
        });
        await page.addInitScript(() => localStorage.setItem('tables_rows_per_page', '100'));
        await page.route(API.backups, async route => {
          if (route.request().method() !== 'POST') return await route.fallback();
          const asked = (route.request().postDataJSON() as { volumes: { name: string }[] }).volumes;
          const answer = {
            backups: [],
            refused: asked.map(({ name }) => ({
              namespace: 'shop',
              name,
              reason: 'ClaimNotBound',
              message: `claim shop/${name} is not bound`,
              hint: 'start a pod that uses it',
            })),
          } satisfies StartedBackups;
          await route.fulfill({ status: 202, json: answer });
        });
      },
    });
    await page.getByRole('button', { name: 'Back up shop/many-0' }).waitFor();
    await page.getByRole('row').first().getByRole('checkbox').click();
    await page.getByRole('button', { name: /^Back up \d+ volumes/ }).click();
    const message = page.getByText(/[Cc]laim shop\/many-0 is not bound/).first();
    await message.waitFor();
    await shoot(page, 'pages/refusals');
    const close = page.getByRole('button', { name: 'Close' }).last();
    const box = await close.boundingBox();
    expect(box && box.y + box.height).toBeLessThan(page.viewportSize()!.height);
    await close.click();
    await message.waitFor({ state: 'detached' });
    await expectInSight(page.getByRole('button', { name: 'Back up shop/many-0' }));
  });
}
