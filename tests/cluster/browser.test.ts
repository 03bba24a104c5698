import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { findChromium } from '../browser/support/chromium.ts';
import type { Headlamp } from '../browser/support/headlamp.ts';
import { NARROW } from '../browser/support/headlamp.ts';
import { findRow, headlampOver, shoot } from '../browser/support/page.ts';
import { keptBy, logIn, logOut, openVolumes } from '../browser/support/person.ts';
import { CLAIMS } from './fixture/claims.ts';
import { run } from './machine/run.ts';
import type { Call } from './support/backups.ts';
import { start } from './support/backups.ts';
import { deploy } from './support/deploy.ts';
import { kubectl } from './support/kubectl.ts';
import { kubeconfigPath } from './support/kubectl.ts';
import { apiForEverybody, employ, employAdministrator, recordingWay } from './support/people.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';
import { verifyPod } from './support/verify-pod.ts';

const hasBrowser = findChromium() !== undefined;
if (!hasBrowser) console.warn('No Chromium on this machine: the tests in a browser are skipped.');

const OF_SHOP = { namespace: 'shop', name: 'old-exports' };
const OF_BILLING = { namespace: 'billing', name: 'print-spool' };
/** What each of two people may do, what each backs up, and what is the other's. */
const TEAMS = [
  { role: 'nkvm-operator', claim: OF_SHOP, other: OF_BILLING },
  { role: 'nkvm-restorer', claim: OF_BILLING, other: OF_SHOP },
];
const CHANGES = /^(Back up|Cancel|Restore|Download|Apply)/;

let proxy: ServiceProxy;
let everybody: ServiceProxy;
let headlamp: Headlamp;

const callAsAdmin: Call = (path, init) => proxy.fetch(path, token(), init);
const namesIn = (namespace: string): string[] =>
  CLAIMS.filter(each => each.namespace === namespace).map(({ name }) => name);
const isNamedIn = (text: string, { namespace, name }: { namespace: string; name: string }) =>
  text.includes(`"${name}"`) || text.includes(`${namespace}/${name}`);
const allowedNamespaces = (namespace: string): string => {
  const settings = JSON.stringify({ allowedNamespaces: [namespace] });
  return `localStorage.setItem('cluster_settings.main', '${settings}')`;
};

/** A browser of its own, at the login. @returns all that the API server sent it, too. @param namespace that its settings name */
async function browserOf(namespace?: string): Promise<{ page: Page; received(): string }> {
  const way = await recordingWay(everybody.origin);
  const own = await headlampOver({
    clusters: [{ name: 'main', kubeUrl: way.url, asksForToken: true }],
  });
  onTestFinished(async () => {
    await own.close();
    await way.close();
  });
  const page = await own.open('/nkvm/volumes', {
    before: async page =>
      namespace !== undefined && (await page.addInitScript(allowedNamespaces(namespace))),
  });
  return { page, received: way.received };
}

beforeAll(async () => {
  if (!hasBrowser) return;
  proxy = await apiThroughServiceProxy();
  everybody = await apiForEverybody();
  headlamp = await headlampOver({ clusters: [{ name: 'main', kubeUrl: proxy.origin }] });
});
afterAll(async () => {
  await headlamp?.close();
  await everybody?.stop();
  await proxy?.stop();
});

describe.skipIf(!hasBrowser)('in Headlamp, a person', () => {
  it('sees every volume with its owner', async () => {
    const page = await headlamp.open('/nkvm/volumes');
    await page.getByRole('heading', { name: 'Volumes & Backups' }).waitFor();
    await page.getByRole('checkbox').nth(3).waitFor();
    await shoot(page, 'cluster/volumes-light');
    for (const { name, owners } of CLAIMS) {
      const text = await (await findRow(page, name)).innerText();
      for (const owner of owners) {
        const [kind = '', ownerName = ''] = owner.split(' ');
        expect(text).toContain(kind);
        expect(text).toContain(ownerName);
      }
    }
  });

  it('clicks Back up, watches, and finds the backup on the page of the claim and on its own', async () => {
    const page = await headlamp.open('/nkvm/volumes');
    const row = await findRow(page, 'orders-db');
    await row.getByRole('button', { name: 'Back up' }).click();
    await page.getByText('Backing up shop/orders-db').waitFor();
    await page.getByRole('button', { name: 'Watch' }).click();
    await page.getByRole('heading', { name: 'Backup of shop/orders-db' }).waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.getByText('Succeeded').first().waitFor({ timeout: 90_000 });

    const origin = new URL(page.url()).origin;
    await page.goto(`${origin}/c/main/storage/persistentvolumeclaims/shop/orders-db`);
    const own = page.locator(`a[href*="/nkvm/backups/${id}?"]`);
    await own.waitFor();
    expect(await page.getByRole('row').filter({ has: own }).innerText()).toContain('Succeeded');
    await own.scrollIntoViewIfNeeded();
    await shoot(page, 'cluster/claim-light');
    await own.click();
    await page.getByRole('heading', { name: 'Backup of shop/orders-db' }).waitFor();
    const command = page.getByText(/^tar --extract/).first();
    await command.waitFor();
    await page.getByRole('heading', { name: 'Verification' }).waitFor();
    await shoot(page, 'cluster/run-light');
    await page.getByRole('heading', { name: 'Verification' }).scrollIntoViewIfNeeded();
    await shoot(page, 'cluster/run-seal-light');

    // What the page shows is what an operator then types, beside the volume.
    const shown = await command.innerText();
    const archive = /--file=(\S+)/.exec(shown)?.[1] ?? '';
    expect(archive).toContain(id);
    const pod = verifyPod('shop', 'orders-db');
    onTestFinished(() => pod.remove());
    const kube = `kubectl --kubeconfig=${kubeconfigPath()}`;
    run('sh', [
      '-c',
      `${kube} exec -n nkvm deployment/nkvm -- cat ${archive} | ` +
        `${kube} exec -i -n shop verify-orders-db -- sh -c 'cat > /restored.tar.gz 2>/dev/null || cat > /tmp/a.tar.gz'`,
    ]);
    pod.sh(
      `cd /restored && ${shown.replace(
        /--file=\S+/,
        '--file=$(ls /restored.tar.gz /tmp/a.tar.gz 2>/dev/null | head -n 1)'
      )}`
    );
    expect(pod.listing('/restored')).toBe(pod.listing('/volume'));
  });

  it('starts a backup from the claim’s page, sees bytes flow, and cancels it', async () => {
    const page = await headlamp.open('/storage/persistentvolumeclaims/billing/statements');
    await page.getByRole('heading', { name: 'Backups', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Back up' }).first().click();
    const cancel = page.getByRole('button', { name: /^Cancel the backup/ });
    await cancel.waitFor({ timeout: 90_000 });
    await page.getByText(/[\d.]+ [KM]iB\/s/).waitFor({ timeout: 90_000 });
    await shoot(page, 'cluster/claim-progress');
    await cancel.click();
    await page.getByRole('button', { name: 'Cancel the backup', exact: true }).click();
    await page
      .getByRole('row')
      .filter({ hasText: 'Cancelled' })
      .first()
      .waitFor({ timeout: 90_000 });
  });

  it('backs up several volumes at once', async () => {
    const page = await headlamp.open('/nkvm/volumes');
    for (const name of ['data-catalog-0', 'data-catalog-1']) {
      await page.getByRole('row').filter({ hasText: name }).getByRole('checkbox').click();
    }
    await page.getByRole('button', { name: 'Back up 2 volumes' }).click();
    await page.getByText('2 backups started').waitFor();
    for (const name of ['data-catalog-0', 'data-catalog-1']) {
      const row = await findRow(page, name);
      await row.getByText('Protected').waitFor({ timeout: 90_000 }); // it has a label
    }
  });

  it('reads in a dark theme and on a narrow screen', async () => {
    const wide = await headlamp.open('/nkvm/volumes', { theme: 'dark' });
    await wide.getByRole('checkbox').nth(3).waitFor();
    await shoot(wide, 'cluster/volumes-dark');
    const row = await findRow(wide, 'orders-db');
    await row.locator('a[href*="/nkvm/backups/"]').first().click();
    await wide.getByRole('heading', { name: 'Backup of shop/orders-db' }).waitFor();
    await shoot(wide, 'cluster/run-dark');
    const narrow = await headlamp.open('/nkvm/volumes', { width: NARROW });
    await narrow.getByRole('checkbox').nth(3).waitFor();
    await shoot(narrow, 'cluster/volumes-narrow');
  });

  it('who works in one namespace sees and does only what is there, beside somebody of another one', async () => {
    for (const { role, claim, other } of TEAMS) {
      const colleague = employ(claim.namespace, role);
      onTestFinished(colleague.leave);
      const otherRun = await until(
        'the other volume has a run',
        async () => (await start(callAsAdmin, other.namespace, other.name)).run,
        60_000
      );
      const { page, received } = await browserOf(claim.namespace);
      await logIn(page, colleague.token);
      const volume = `${claim.namespace}/${claim.name}`;
      const row = await findRow(page, claim.name);
      await row.getByRole('button', { name: `Back up ${volume}` }).click();
      await page.getByText(`Backing up ${volume}`).waitFor();
      const own = namesIn(claim.namespace);
      for (const name of own) await findRow(page, name);

      const goTo = (path: string) => page.goto(new URL(`/c/main${path}`, page.url()).href);
      await goTo('/nkvm/backups');
      await page.locator('a[href*="/nkvm/backups/"]').first().waitFor();
      // Addresses of the other one's pages, which a person may know or guess.
      for (const path of [
        `/nkvm/volumes/${other.namespace}/${other.name}`,
        `/nkvm/backups/${otherRun.id}?namespace=${other.namespace}`,
        `/nkvm/backups/${otherRun.id}?namespace=${claim.namespace}`,
        `/nkvm/access/${other.namespace}`,
      ]) {
        await goTo(path);
        await page
          .getByText(/don’t have permission|No access|may not|not found/i)
          .first()
          .waitFor();
        const actions = page.getByRole('main').getByRole('button', { name: CHANGES });
        expect(await actions.count(), path).toBe(0);
      }

      const text = received();
      expect(own.filter(name => !text.includes(`"${name}"`))).toEqual([]);
      // A refusal repeats the name that was asked for, and no other.
      const leaked = CLAIMS.filter(each => each.namespace !== claim.namespace)
        .filter(({ name }) => name !== other.name)
        .filter(each => isNamedIn(text, each));
      expect(leaked).toEqual([]);
    }
  });

  it('who logs in after an administrator finds nothing of what that one saw', async () => {
    const [chief, colleague] = [employAdministrator(), employ('billing', 'nkvm-restorer')];
    onTestFinished(chief.leave);
    onTestFinished(colleague.leave);
    const { page, received } = await browserOf();
    await logIn(page, chief.token);
    await findRow(page, 'orders-db');
    expect(CLAIMS.filter(each => !isNamedIn(received(), each))).toEqual([]);
    await logOut(page);
    const kept = await keptBy(page);
    expect(CLAIMS.filter(each => isNamedIn(kept, each))).toEqual([]);
    expect(kept).not.toMatch(/eyJ[\w-]{10}/);

    const before = received().length;
    await page.evaluate(allowedNamespaces('billing'));
    await logIn(page, colleague.token);
    await openVolumes(page);
    await page.getByRole('button', { name: 'Back up billing/print-spool' }).waitFor();
    expect(await page.getByRole('button', { name: /^Back up shop/ }).count()).toBe(0);
    const later = received().slice(before);
    expect(CLAIMS.filter(each => isNamedIn(later, each)).map(({ namespace }) => namespace)).toEqual(
      namesIn('billing').map(() => 'billing')
    );
  });

  it('reads how to install NKVM where it is not installed', async () => {
    kubectl(['delete', 'service', 'nkvm', '--namespace=nkvm']);
    onTestFinished(() => deploy());
    for (const theme of ['light', 'dark'] as const) {
      const page = await headlamp.open('/nkvm/volumes', { theme });
      await page.getByText('Backups are not set up in this cluster').waitFor();
      await page.getByText('kubectl apply -k').first().waitFor();
      await shoot(page, `cluster/not-installed-${theme}`);
    }
  });
});
