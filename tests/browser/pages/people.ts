import { expect, it } from 'vitest';
import { TOKEN_HEADER } from '../../../sidecar/api/names.ts';
import { API } from '../support/api.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { keptBy, logIn, logOut, openVolumes } from '../support/person.ts';
import type { Seen } from '../support/worlds.ts';
import { employ, tokenFor } from '../support/worlds.ts';

const VOLUMES = '/nkvm/volumes';

/** What people with different rights see. */
export function peopleTests(world: Seen): void {
  it('shows the next person in the same tab nothing of the person before', async () => {
    const { playground } = world();
    const headlamp = await world().another({
      clusters: [{ name: 'main', kubeUrl: playground.url, asksForToken: true }],
    });
    const page = await headlamp.open(VOLUMES);
    const shown: { token: string | undefined; by: string }[] = [];
    let who = 'admin';
    page.on('request', request => {
      const token = request.headers()[TOKEN_HEADER.toLowerCase()];
      if (API.all.test(request.url())) shown.push({ token, by: who });
    });

    await logIn(page, tokenFor(world(), 'admin'));
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).waitFor();
    expect(shown.some(({ token }) => token)).toBe(true);
    await logOut(page);

    who = 'viewer';
    await logIn(page, tokenFor(world(), 'viewer'));
    await openVolumes(page);
    await page.getByRole('heading', { name: 'No access to backups' }).waitFor();
    expect(await page.getByRole('main').innerText()).not.toContain('orders-db');
    expect(await page.getByRole('button', { name: /^Back up/ }).count()).toBe(0);
    const ofAdmin = shown.flatMap(({ token, by }) => (token && by === 'admin' ? [token] : []));
    const later = shown.flatMap(({ token, by }) => (token && by === 'viewer' ? [token] : []));
    expect(later.filter(token => ofAdmin.includes(token))).toEqual([]);
  });

  it('lets two people at browsers of their own see and do only what is theirs', async () => {
    const teams = [
      { person: 'ann', namespace: 'shop', claim: 'orders-db', other: ['billing', 'ledger'] },
      { person: 'ben', namespace: 'billing', claim: 'ledger', other: ['shop', 'orders-db'] },
    ];
    for (const { person, namespace, claim, other } of teams) {
      employ(world(), person, namespace);
      const kubeUrl = await world().playground.proxyAs(person);
      const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
      const own = JSON.stringify({ allowedNamespaces: [namespace] });
      const [elsewhere = '', theirs = ''] = other;
      const texts: string[] = [];
      const page = await headlamp.open(VOLUMES, {
        async before(page) {
          await page.addInitScript(`localStorage.setItem('cluster_settings.main', '${own}')`);
          page.on('response', async response => {
            if (API.all.test(response.url())) texts.push(await response.text().catch(() => ''));
          });
        },
      });
      await page.getByRole('button', { name: `Back up ${namespace}/${claim}` }).click();
      await page
        .getByText(/Backup .*(started|queued)|Backing up|Queued|Running/i)
        .first()
        .waitFor();
      // An operator may back up, and neither read nor restore: the button is there, and says whom to ask.
      await page.goto(new URL(`/c/main/nkvm/volumes/${namespace}/${claim}`, page.url()).href);
      const restore = page.getByRole('button', { name: `Restore ${namespace}/${claim}` });
      await restore.and(page.locator('[aria-disabled]')).focus();
      await page.getByRole('tooltip', { name: /get persistentvolumeclaims\/archive/ }).waitFor();
      await expectGoodLooks(
        page.getByText(/^You don’t have permission to get persistentvolumeclaims/).last(),
        `denied-${namespace}`,
        ['light']
      );
      // Pages of other people are refused, even to a person who knows the address.
      for (const path of [`/nkvm/volumes/${elsewhere}/${theirs}`, `/nkvm/access/${elsewhere}`]) {
        await page.goto(new URL(`/c/main${path}`, page.url()).href);
        await page
          .getByText(/don’t have permission|No access|may not/i)
          .first()
          .waitFor();
        expect(await page.getByRole('button', { name: /^(Back up|Restore|Apply)/ }).count()).toBe(
          0
        );
      }
      expect(texts.join()).toContain(claim);
      expect(texts.join()).not.toContain(theirs);
    }
  });

  it('leaves nothing in the browser when somebody logs out', async () => {
    const { playground } = world();
    const headlamp = await world().another({
      clusters: [{ name: 'main', kubeUrl: playground.url, asksForToken: true }],
    });
    const page = await headlamp.open(VOLUMES);
    await logIn(page, tokenFor(world(), 'admin'));
    await page.getByRole('button', { name: 'Back up shop/orders-db' }).waitFor();
    await logOut(page);
    const kept = await keptBy(page);
    expect(kept).not.toContain('orders-db');
    expect(kept).not.toMatch(/eyJ[\w-]{10}/);
  });

  it('lets somebody without a right try in namespace default, where the cluster names none', async () => {
    const kubeUrl = await world().playground.proxyAs('viewer');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open(VOLUMES);
    await page.getByRole('heading', { name: 'No access to backups' }).waitFor();
    const text = await page.getByRole('main').innerText();
    expect(text).toMatch(/nkvm-user in namespace default[^]*Allowed namespaces/);
    expect(text).not.toContain('nkvm-admin');
  });

  it('takes the namespaces that Headlamp’s settings allow, where none is chosen', async () => {
    employ(world(), 'worker', 'billing');
    const kubeUrl = await world().playground.proxyAs('worker');
    const headlamp = await world().another({ clusters: [{ name: 'main', kubeUrl }] });
    const page = await headlamp.open(VOLUMES, {
      before: page =>
        page.addInitScript(() =>
          localStorage.setItem(
            'cluster_settings.main',
            JSON.stringify({ allowedNamespaces: ['billing'] })
          )
        ),
    });
    const button = page.getByRole('button', { name: 'Back up billing/ledger' });
    await button.waitFor();
    await expectGoodLooks(button, 'volumes-of-one-namespace', ['light']);
    expect(await page.getByRole('main').innerText()).not.toContain('orders-db');
  });
}
