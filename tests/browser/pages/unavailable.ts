import { beforeAll, expect, it } from 'vitest';
import { backUp } from '../../cluster/support/backups.ts';
import { holdUp, refuse } from '../support/api.ts';
import { expectGoodLooks } from '../support/looks.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin, silence, uninstall } from '../support/worlds.ts';

const CLAIM = '/storage/persistentvolumeclaims/shop/old-exports';
/** One theme is enough where another test takes pictures of the same page in both. */
const LIGHT = ['light'] as const;
/** Where runs are read, one or many. */
const RUNS_API = /\/proxy\/api\/v1\/backups/;

/** What a person sees where a page has nothing to show of backups. */
export function unavailableTests(world: Seen): void {
  let runPage: string;
  beforeAll(async () => {
    const { id } = await backUp(await callAsAdmin(world()), 'shop', 'old-exports');
    runPage = `/nkvm/backups/${id}?namespace=shop`;
  });

  /** The page of the claim and that of its run, each with a name for its pictures. */
  const pages = (): [string, string][] => [
    ['claim', CLAIM],
    ['run', runPage],
  ];

  it('sees that something is loading', async () => {
    for (const [name, path] of pages()) {
      let goOn = () => {};
      const page = await world().headlamp.open(path, {
        before: async page => (goOn = await holdUp(page, RUNS_API)),
      });
      const loading = page.getByRole('main').getByRole('progressbar');
      await expectGoodLooks(loading, `${name}-loading`, LIGHT);
      goOn();
      await page.getByText('Succeeded', { exact: true }).first().waitFor();
    }
  });

  it('reads what broke', async () => {
    for (const [name, path] of pages()) {
      const page = await world().headlamp.open(path, {
        before: page => page.route(RUNS_API, refuse(500, { message: 'the index cannot be read' })),
      });
      await expectGoodLooks(page.getByText('the index cannot be read'), `${name}-error`, LIGHT);
    }
  });

  it('reads that there is no run of that id', async () => {
    const page = await world().headlamp.open('/nkvm/backups/01nosuchrun?namespace=shop');
    const heading = page.getByRole('heading', { name: 'Backup not found' });
    await expectGoodLooks(heading, 'run-unknown');
    await page.getByRole('main').getByRole('link', { name: 'Volumes & Backups' }).click();
    await page.getByRole('button', { name: 'Back up shop/old-exports' }).waitFor();
  });

  it('reads the right that is lacking', async () => {
    const kubeUrl = await world().playground.proxyAs('viewer');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    for (const [name, path] of pages()) {
      const page = await headlamp.open(path);
      const right = page.getByText('You don’t have permission to create serviceaccounts/token');
      await expectGoodLooks(right, `${name}-no-right`);
      expect(await page.getByRole('button', { name: 'Back up', exact: true }).count()).toBe(0);
    }
  });

  it('reads that the service does not answer', async () => {
    await silence(world());
    for (const [name, path] of pages()) {
      const page = await world().headlamp.open(path);
      const silence = page.getByText('Can’t reach the backup service');
      await expectGoodLooks(silence, `${name}-unreachable`, LIGHT);
    }
  });

  it('reads that NKVM is not installed, and is led to how to do it', async () => {
    await uninstall(world());
    for (const [name, path] of pages()) {
      const page = await world().headlamp.open(path);
      const absence = page.getByText('Backups are not set up in this cluster');
      await expectGoodLooks(absence, `${name}-not-installed`, LIGHT);
    }
    const page = await world().headlamp.open(CLAIM);
    await page.getByRole('link', { name: 'How to fix it' }).click();
    await page.getByText('kubectl apply -k').first().waitFor();
  });
}
