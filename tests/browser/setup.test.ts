import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../cluster/support/until.ts';
import { findChromium } from './support/chromium.ts';
import { expectGoodLooks } from './support/looks.ts';
import { headlampOver } from './support/page.ts';
import { closedPort } from './support/port.ts';
import type { SeenWorld } from './support/worlds.ts';
import { seeNothing } from './support/worlds.ts';

const VOLUMES = '/nkvm/volumes';
const VOLUMES_API = '**/proxy/api/v1/volumes*';

describe.skipIf(!findChromium())(
  'where there is no list of volumes, a person',
  { timeout: 20_000 },
  () => {
    let world: SeenWorld;
    beforeAll(async () => void (world = await seeNothing()), 180_000);
    afterAll(() => world?.stop());

    it('reads that a cluster without claims has no volumes yet', async () => {
      const page = await world.headlamp.open(VOLUMES);
      await page.getByRole('heading', { name: 'No volumes yet' }).waitFor();
      await expectGoodLooks(page.getByRole('heading', { name: 'No volumes yet' }), 'volumes-empty');
    });

    it('sees that the list is loading', async () => {
      const answer = Promise.withResolvers<void>();
      const page = await world.headlamp.open(VOLUMES, {
        before: page =>
          page.route(VOLUMES_API, async route => {
            await answer.promise;
            await route.continue();
          }),
      });
      await page.getByRole('main').getByRole('progressbar').waitFor();
      await expectGoodLooks(page.getByRole('main').getByRole('progressbar'), 'volumes-loading');
      answer.resolve();
      await page.getByRole('heading', { name: 'No volumes yet' }).waitFor();
    });

    it('reads what broke, looks again, and has the list', async () => {
      const page = await world.headlamp.open(VOLUMES, {
        before: page =>
          page.route(VOLUMES_API, route =>
            route.fulfill({
              status: 500,
              json: { code: 'Internal', message: 'the index cannot be read', hint: 'See its log.' },
            })
          ),
      });
      await page.getByRole('heading', { name: 'This could not be loaded' }).waitFor();
      await page.getByText('the index cannot be read').waitFor();
      await expectGoodLooks(page.getByText('the index cannot be read'), 'volumes-error');
      await page.unroute(VOLUMES_API);
      await page.getByRole('button', { name: 'Look again' }).click();
      await page.getByRole('heading', { name: 'No volumes yet' }).waitFor();
    });

    it('reads the right that is lacking, and how to check it', async () => {
      const headlamp = await headlampOver(await world.playground.proxyAs('viewer'));
      const page = await headlamp.open(VOLUMES);
      onTestFinished(() => headlamp.close());
      await page.getByRole('heading', { name: 'No access to backups' }).waitFor();
      expect(await page.getByRole('main').innerText()).toMatch(
        /You lack the right to create serviceaccounts\/token of nkvm-\w+ in namespace \w+\./
      );
      await page.getByText(/^kubectl auth can-i create/).waitFor();
      await expectGoodLooks(page.getByText(/^kubectl auth can-i create/), 'volumes-no-right');
    });

    it('reads that the service does not answer, and later that it does', async () => {
      const { playground, sidecar } = world;
      playground.setServiceBackend('nkvm', 'nkvm', 'http', await closedPort());
      const page = await world.headlamp.open(VOLUMES);
      await page.getByRole('heading', { name: 'The backup service does not answer' }).waitFor();
      await page.getByText('kubectl get pods,events -n nkvm').waitFor();
      await expectGoodLooks(
        page.getByText('kubectl get pods,events -n nkvm'),
        'volumes-unreachable'
      );
      playground.setServiceBackend('nkvm', 'nkvm', 'http', sidecar.port);
      await page.getByRole('button', { name: 'Look again' }).click();
      await page.getByRole('heading', { name: 'No volumes yet' }).waitFor();
    });

    it('reads how to install NKVM where it is not installed', async () => {
      const service = `${world.kubeUrl}/api/v1/namespaces/nkvm/services/nkvm`;
      await fetch(service, { method: 'DELETE' });
      await until('the Service is gone', async () => (await fetch(service)).status === 404, 5_000);
      const page = await world.headlamp.open(VOLUMES);
      await page.getByRole('heading', { name: 'Backups are not set up in this cluster' }).waitFor();
      await page.getByText('kubectl apply -k').first().waitFor();
      await expectGoodLooks(page.getByText('kubectl apply -k').first(), 'volumes-not-installed');
    });
  }
);
