import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import type { Volume, VolumePolicy } from '../../../sidecar/api/index.ts';
import {
  aHold,
  anUnprotected,
  aPolicy,
  aPopulate,
  aRetentionPlan,
  hoursAgo,
  policyDetails,
  policyList,
} from '../../../src/testing/policySamples.ts';
import { API, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { findRow, shoot, tabTo } from '../support/page.ts';
import type { Seen, SeenWorld } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

const VOLUMES = '/nkvm/volumes';
const VOLUME = '/nkvm/volumes/shop/orders-db';

const overdue: Partial<VolumePolicy> = {
  state: 'overdue',
  reasons: [
    {
      reason: 'BackupOverdue',
      message:
        'the run of 10:17, 3 hours ago, has no good backup, which was due at 11:17; the newest backup failed: node-b is not ready',
      hint: 'read the messages of the newest run, then back up now',
    },
  ],
  overdueSince: hoursAgo(2),
};

/** One of each state, by the name of the claim. */
const PLANNED: Record<string, Partial<VolumePolicy>> = {
  'orders-db': {},
  media: overdue,
  uploads: {
    state: 'suspended',
    suspended: true,
    reasons: [
      {
        reason: 'ScheduleSuspended',
        message: 'the annotation nkvm.io/suspend has suspended the schedule',
        hint: 'delete the annotation, or set it to "false"',
      },
    ],
  },
  notes: {
    state: 'invalid',
    schedule: null,
    nextRunAt: null,
    reasons: [
      {
        reason: 'InvalidPolicy',
        message: 'label backup of the claim has the value "nightly": there is no such interval',
        hint: 'use hourly, daily, weekly, monthly, off',
      },
    ],
  },
  'search-index': { state: 'waiting', lastSuccessAt: null },
  'not-yet-used': { state: 'held', populate: aPopulate({ reason: 'Conflict' }) },
  'old-exports': {
    state: 'held',
    reasons: [
      {
        reason: 'FirstRestoreUnproven',
        message: 'restore 01jdabc has made the claim, and has not proven its contents',
        hint: 'see the restore',
      },
    ],
  },
};

/** What is planned for the volumes that are there: the samples, and for all others nothing. */
async function planned(world: SeenWorld): Promise<VolumePolicy[]> {
  const call = await callAsAdmin(world);
  const { volumes } = (await (await call('/api/v1/volumes')).json()) as { volumes: Volume[] };
  return volumes.map(({ namespace, name, uid }) => {
    const differs = namespace === 'shop' ? PLANNED[name] : undefined;
    return differs
      ? { ...aPolicy({ namespace, name, ...differs }), uid }
      : { ...anUnprotected({ namespace, name }), uid };
  });
}

const answer = (page: Page, request: RegExp, json: unknown): Promise<unknown> =>
  page.route(request, route => route.fulfill({ json }));

/** Removes these labels and annotations of its claims until the test ends. */
async function metadataOf(world: SeenWorld, name: string) {
  const url = `${world.kubeUrl}/api/v1/namespaces/shop/persistentvolumeclaims/${name}`;
  const { metadata } = (await (await fetch(url)).json()) as {
    metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  };
  return metadata;
}

function cleanAfter(world: SeenWorld, name: string): void {
  onTestFinished(async () => {
    await fetch(`${world.kubeUrl}/api/v1/namespaces/shop/persistentvolumeclaims/${name}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({
        metadata: {
          labels: { backup: null },
          annotations: {
            'nkvm.io/suspend': null,
            'nkvm.io/start': null,
            'nkvm.io/accept-change': null,
          },
        },
      }),
    });
  });
}

/** How far the page sticks out of its window to the right, in px. */
const excessOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

export function policyTests(world: Seen): void {
  const withPolicies = async (page: Page): Promise<void> => {
    const volumes = await planned(world());
    await answer(page, API.policies, policyList(volumes));
    await page.route(API.policy, route => {
      const [, namespace, name] = /\/policy\/([^/~]+)\/([^/~?]+)/.exec(route.request().url()) ?? [];
      const policy = volumes.find(each => each.namespace === namespace && each.name === name);
      return route.fulfill({ json: policyDetails(policy, detailsOf(name)) });
    });
  };
  const detailsOf = (name?: string) =>
    name === 'media'
      ? {
          plans: [
            aRetentionPlan({ hold: aHold() }),
            aRetentionPlan({
              destination: 'offsite',
              hold: aHold({
                kind: 'share',
                removed: 3,
                message: '3 of 39 archives would be deleted at once, more than a share of 5 %',
                hint: 'check the plan, then approve the deletion',
              }),
            }),
          ],
        }
      : {};

  it.each(['light', 'dark'] as const)(
    'sees the protection of all volumes at every width in the %s theme',
    async theme => {
      const page = await world().headlamp.open(VOLUMES, { theme, before: withPolicies });
      await page.getByText('Protected', { exact: true }).waitFor();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT });
        await page.getByText('Protected', { exact: true }).first().waitFor();
        await shoot(page, `policy/list-${theme}-${width}`);
        expect(await excessOf(page), `${width} px`).toBeLessThanOrEqual(0);
      }
    }
  );

  it.each(['light', 'dark'] as const)(
    'sees schedule, days and retention of a volume at every width in the %s theme',
    async theme => {
      const page = await world().headlamp.open('/nkvm/volumes/shop/media', {
        theme,
        before: withPolicies,
      });
      await page.getByRole('group', { name: 'Last 30 days' }).waitFor();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 1900 });
        await shoot(page, `policy/volume-${theme}-${width}`);
        expect(await excessOf(page), `${width} px`).toBeLessThanOrEqual(0);
      }
    }
  );

  it('finds the pages accessible', async () => {
    const list = await world().headlamp.open(VOLUMES, { before: withPolicies });
    await expectGoodLooks(list.getByText('Protected', { exact: true }).first(), 'policy-list');
    const one = await world().headlamp.open('/nkvm/volumes/shop/media', { before: withPolicies });
    await one.getByText('Show the days as a table').click();
    await expectGoodLooks(one.getByRole('group', { name: 'Last 30 days' }), 'policy-volume');
  });

  it('sees the old states where the service has no policies, and a warning nowhere', async () => {
    const before = (page: Page) => page.route(API.policies, refuse(404, { message: 'not found' }));
    const page = await world().headlamp.open(VOLUMES, { before });
    const row = await findRow(page, 'search-index');
    await row.getByText('Not backed up').waitFor();
    expect(await row.innerText()).not.toContain('schedule');
    await shoot(page, 'policy/list-older-service');
  });

  it('sets the schedule of a volume, with the keyboard alone', async () => {
    cleanAfter(world(), 'uploads');
    const page = await world().headlamp.open(VOLUMES, { before: withPolicies });
    await findRow(page, 'uploads');
    await tabTo(page.getByRole('button', { name: 'More actions for shop/uploads' }));
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Schedule…' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Schedule of shop/uploads' });
    await dialog.getByRole('radio', { name: 'Daily' }).focus();
    await page.keyboard.press('Space');
    await shoot(page, 'policy/schedule');
    await dialog.getByRole('button', { name: 'Save' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The label backup of 1 object was changed.').waitFor();
    expect((await metadataOf(world(), 'uploads')).labels).toMatchObject({ backup: 'daily' });
  });

  it('sets the schedule of a selection', async () => {
    for (const name of ['notes', 'search-index']) cleanAfter(world(), name);
    const page = await world().headlamp.open(VOLUMES, { before: withPolicies });
    await page.getByText('Protected', { exact: true }).waitFor();
    for (const name of ['notes', 'search-index']) {
      const link = page.getByRole('link', { name, exact: true });
      await page.getByRole('row').filter({ has: link }).getByRole('checkbox').click();
    }
    await page.getByRole('button', { name: 'Schedule of 2 volumes' }).click();
    await page.getByRole('radio', { name: 'Weekly' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The label backup of 2 objects was changed.').waitFor();
    for (const name of ['notes', 'search-index']) {
      expect((await metadataOf(world(), name)).labels).toMatchObject({ backup: 'weekly' });
    }
  });

  it('suspends a schedule and resumes it', async () => {
    cleanAfter(world(), 'orders-db');
    const page = await world().headlamp.open(VOLUME, { before: withPolicies });
    await page.getByRole('button', { name: 'Suspend the schedule of shop/orders-db' }).click();
    await expect
      .poll(async () => (await metadataOf(world(), 'orders-db')).annotations, { timeout: 20_000 })
      .toMatchObject({ 'nkvm.io/suspend': 'true' });
  });

  it('decides that a claim starts empty', async () => {
    cleanAfter(world(), 'not-yet-used');
    const page = await world().headlamp.open(VOLUMES, { before: withPolicies });
    await page.getByRole('region', { name: 'Waiting for restore' }).waitFor();
    await page.getByRole('button', { name: 'Start empty – shop/not-yet-used' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('pods start without data').waitFor();
    await shoot(page, 'policy/start-empty');
    await dialog.getByRole('button', { name: 'Start empty' }).click();
    await page.getByText('The decision is saved').waitFor();
    const { annotations } = await metadataOf(world(), 'not-yet-used');
    expect(annotations).toMatchObject({ 'nkvm.io/start': 'empty' });
  });

  it('accepts a big change, and approves deletions', async () => {
    cleanAfter(world(), 'media');
    const page = await world().headlamp.open('/nkvm/volumes/shop/media', { before: withPolicies });
    await page.getByRole('button', { name: 'Accept the change of shop/media' }).click();
    await page.getByRole('button', { name: 'Accept the change', exact: true }).click();
    await expect
      .poll(async () => (await metadataOf(world(), 'media')).annotations, { timeout: 20_000 })
      .toMatchObject({ 'nkvm.io/accept-change': 'run-0.5' });
    const sent = page.waitForRequest(API.approve);
    await page.route(API.approve, route => route.fulfill({ json: {} }));
    await page.getByRole('button', { name: 'Approve the deletion at offsite' }).click();
    await page.getByRole('button', { name: 'Approve the deletion', exact: true }).click();
    expect((await sent).postDataJSON()).toEqual({ destination: 'offsite', removed: 3 });
  });

  it('walks through days and archives with arrow keys', async () => {
    const page = await world().headlamp.open(VOLUME, { before: withPolicies });
    const today = page.getByRole('group', { name: 'Last 30 days' }).getByRole('button').last();
    await tabTo(today);
    await page.keyboard.press('ArrowLeft');
    // The earlier one may still be closing.
    await page
      .getByRole('tooltip', { name: /24 good backups/ })
      .first()
      .waitFor();
    await tabTo(
      page.getByRole('group', { name: 'Backups at local by age' }).getByRole('button').last()
    );
    for (let step = 0; step < 24; step += 1) await page.keyboard.press('ArrowLeft');
    await page
      .getByRole('tooltip', { name: /no rule keeps it/ })
      .first()
      .waitFor();
    await shoot(page, 'policy/why');
  });

  it('sees how the volumes of a namespace and of a workload stand', async () => {
    const namespace = await world().headlamp.open('/namespaces/shop', { before: withPolicies });
    await namespace.getByRole('button', { name: 'Schedule of namespace shop' }).waitFor();
    await shoot(namespace, 'policy/namespace');
    await namespace.setViewportSize({ width: 390, height: HEIGHT });
    await shoot(namespace, 'policy/namespace-390');
    await namespace.setViewportSize({ width: 1400, height: HEIGHT });
    await namespace.getByRole('link', { name: '1 volume', exact: true }).first().click();
    await namespace.getByText(/^Only /).waitFor();
    const workload = await world().headlamp.open('/deployments/shop/storefront', {
      before: withPolicies,
    });
    await workload.getByRole('table', { name: 'Volumes of storefront' }).waitFor();
    await shoot(workload, 'policy/workload');
    const claim = await world().headlamp.open('/storage/persistentvolumeclaims/shop/media', {
      before: withPolicies,
    });
    await claim.getByText('Schedule and retention').waitFor();
    await shoot(claim, 'policy/claim');
  });
}
