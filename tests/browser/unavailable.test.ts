import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { backUp } from '../cluster/support/backups.ts';
import { until } from '../cluster/support/until.ts';
import { findChromium } from './support/chromium.ts';
import { expectGoodLooks } from './support/looks.ts';
import { headlampOver } from './support/page.ts';
import { closedPort } from './support/port.ts';
import type { SeenWorld } from './support/worlds.ts';
import { callAsAdmin, seeOneVolume } from './support/worlds.ts';

const CLAIM = '/storage/persistentvolumeclaims/shop/old-exports';
/** Is enough for what looks like something that is looked at in both themes. */
const LIGHT = ['light'] as const;
/** Where runs are read, one or many. */
const RUNS_API = /\/proxy\/api\/v1\/backups/;

describe.skipIf(!findChromium())(
  'where a page has nothing to show of backups, a person',
  { timeout: 30_000 },
  () => {
    let world: SeenWorld;
    let runPage: string;
    beforeAll(async () => {
      world = await seeOneVolume();
      const { id } = await backUp(await callAsAdmin(world), 'shop', 'old-exports');
      runPage = `/nkvm/backups/${id}?namespace=shop`;
    }, 180_000);
    afterAll(() => world?.stop());

    /** The page of the claim and that of its run, each with a name for its pictures. */
    const pages = (): [string, string][] => [
      ['claim', CLAIM],
      ['run', runPage],
    ];

    it('sees that something is loading', async () => {
      for (const [name, path] of pages()) {
        const answer = Promise.withResolvers<void>();
        const page = await world.headlamp.open(path, {
          before: page =>
            page.route(RUNS_API, async route => {
              await answer.promise;
              await route.continue().catch(() => undefined); // of a page that was loaded anew since
            }),
        });
        const loading = page.getByRole('main').getByRole('progressbar');
        await expectGoodLooks(loading, `${name}-loading`, LIGHT);
        answer.resolve();
        await page.getByText('Succeeded', { exact: true }).waitFor();
      }
    });

    it('reads what broke', async () => {
      for (const [name, path] of pages()) {
        const page = await world.headlamp.open(path, {
          before: page =>
            page.route(RUNS_API, route =>
              route.fulfill({ status: 500, json: { message: 'the index cannot be read' } })
            ),
        });
        await expectGoodLooks(page.getByText('the index cannot be read'), `${name}-error`, LIGHT);
      }
    });

    it('reads that there is no run of that id', async () => {
      const page = await world.headlamp.open('/nkvm/backups/01nosuchrun?namespace=shop');
      const heading = page.getByRole('heading', { name: 'There is no such backup' });
      await expectGoodLooks(heading, 'run-unknown');
      await page.getByRole('main').getByRole('link', { name: 'Volumes & Backups' }).click();
      await page.getByRole('button', { name: 'Back up shop/old-exports' }).waitFor();
    });

    it('reads the right that is lacking', async () => {
      const headlamp = await headlampOver(await world.playground.proxyAs('viewer'));
      onTestFinished(() => headlamp.close());
      for (const [name, path] of pages()) {
        const page = await headlamp.open(path);
        const right = page.getByText('You lack the right to create serviceaccounts/token');
        await expectGoodLooks(right, `${name}-no-right`);
        expect(await page.getByRole('button', { name: 'Back up', exact: true }).count()).toBe(0);
      }
    });

    it('reads that the service does not answer', async () => {
      const { playground, sidecar } = world;
      playground.setServiceBackend('nkvm', 'nkvm', 'http', await closedPort());
      onTestFinished(() => playground.setServiceBackend('nkvm', 'nkvm', 'http', sidecar.port));
      for (const [name, path] of pages()) {
        const page = await world.headlamp.open(path);
        const silence = page.getByText('The backup service does not answer');
        await expectGoodLooks(silence, `${name}-unreachable`, LIGHT);
      }
    });

    it('reads that NKVM is not installed, and is led to how to do it', async () => {
      const service = `${world.kubeUrl}/api/v1/namespaces/nkvm/services/nkvm`;
      await fetch(service, { method: 'DELETE' });
      await until('the Service is gone', async () => (await fetch(service)).status === 404, 5_000);
      for (const [name, path] of pages()) {
        const page = await world.headlamp.open(path);
        const absence = page.getByText('Backups are not set up in this cluster');
        await expectGoodLooks(absence, `${name}-not-installed`, LIGHT);
      }
      const page = await world.headlamp.open(CLAIM);
      await page.getByRole('link', { name: 'What to do' }).click();
      await page.getByText('kubectl apply -k').first().waitFor();
    });
  }
);
