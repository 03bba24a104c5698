import type { Locator, Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import type { Backup, Destination, DestinationDetails } from '../../../sidecar/api/index.ts';
import { CHECK_STEPS } from '../../../sidecar/api/names.ts';
import {
  aDestination,
  aDestinationCheck,
  aProblem,
  destinationDetails,
  destinationList,
  theLocal,
} from '../../../src/testing/destinationSamples.ts';
import { aCopy } from '../../../src/testing/samples.ts';
import { backUp } from '../../cluster/support/backups.ts';
import { alter, API, holdUp, refuse } from '../support/api.ts';
import { HEIGHT, WIDTHS } from '../support/headlamp.ts';
import { expectGoodLooks } from '../support/looks.ts';
import { isWhole, shoot } from '../support/page.ts';
import type { Seen } from '../support/worlds.ts';
import { callAsAdmin } from '../support/worlds.ts';

const LIST = '/nkvm/destinations';
const LIGHT = ['light'] as const;
const PASSWORD = 'correct horse battery staple';
const HOST_KEY = {
  fingerprint: 'SHA256:wZ5cX1m9g9dYx4xqRk0fQ2vT8l3n7bJ6sP1uHcEoAaM',
  knownHosts: 'nas.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1c',
};

const sealed = { recipients: 1, hasPassphrase: false, isUnlocked: false, kitStoredAt: null };
const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

/** One of each state, with the names and sentences of a real installation. */
const MANY: Destination[] = [
  theLocal(),
  aDestination({
    encryption: sealed,
    appendOnly: { result: 'protected', message: 'the probe could not be deleted', at: at(1) },
  }),
  aDestination({
    name: 'nas',
    kind: 'sftp',
    isDefault: false,
    isRequired: false,
    isInsecure: true,
    state: 'paused',
    retryAt: at(-1),
    location: 'sftp://nkvm@nas.example.com:22/volume1/backups/cluster-1',
    problem: aProblem({
      stage: 'copy',
      reason: 'ConnectionRefused',
      message: 'nas.example.com refuses connections at port 22',
      hint: 'start the SSH server there, or correct host and port in the Secret nas',
      failureClass: 'transient',
    }),
    freeBytes: 3 * 1024 ** 4,
  }),
  aDestination({
    name: 'provider',
    kind: 'ftps',
    isDefault: false,
    state: 'invalid',
    location: null,
    problem: aProblem({
      reason: 'SettingsInvalid',
      message: 'the Secret provider has no key host',
      hint: 'add it; see the manual of destinations',
    }),
    lastProvenAt: null,
    lastReadBackAt: null,
    catalog: null,
  }),
  aDestination({
    name: 'dedup',
    kind: 'restic',
    isDefault: false,
    state: 'unknown',
    location: 's3:https://s3.example.com/restic',
    lastProvenAt: null,
    lastReadBackAt: null,
    catalog: null,
  }),
];

const VOLUMES: DestinationDetails['volumes'] = [
  ['shop', 'orders-db', 512],
  ['billing', 'statements', 260],
  ['shop', 'uploads', 101],
  ['monitoring', 'prometheus-k8s-db-prometheus-k8s-0', 24],
  ['shop', 'old-exports', 3],
].map(([namespace, name, gib]) => ({
  cluster: 'main',
  namespace: String(namespace),
  name: String(name),
  archives: 24,
  bytes: Number(gib) * 1024 ** 3,
  newestAt: at(0.1),
}));

/** Answers in place of the sidecar, so that a page shows what a test is about. */
async function serve(page: Page, destinations: Destination[], mayManage = true): Promise<void> {
  await page.route(API.destinations, route =>
    route.fulfill({ json: destinationList(destinations, mayManage) })
  );
  for (const destination of destinations) {
    await page.route(API.destination(destination.name), route =>
      route.fulfill({ json: destinationDetails(destination, VOLUMES) })
    );
  }
}

const button = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('button', { name, exact: true });

/** What a person does with the places that archives are stored at. */
export function destinationTests(world: Seen): void {
  const open = (path: string, destinations = MANY, before?: (page: Page) => Promise<unknown>) =>
    world().headlamp.open(path, {
      before: async page => {
        await serve(page, destinations);
        await before?.(page);
      },
    });

  it('finds them in the sidebar, sees how each stands, and is led to each', async () => {
    const page = await open('/nkvm/volumes');
    await page.locator('a[href$="/nkvm/destinations"]').first().click();
    const paused = page.getByText('Paused', { exact: true });
    await expectGoodLooks(paused, 'destinations');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT });
      await shoot(page, `widths/destinations-${width}`);
      expect(await isWhole(page), `${width} px`).toBe(true);
    }
    await page.getByRole('main').getByRole('link', { name: 'nas', exact: true }).click();
    await page.getByRole('heading', { name: 'Destination nas' }).waitFor();
  });

  it('reads that they load, that all is in the cluster, what broke, and which right is lacking', async () => {
    let goOn = () => {};
    const slow = await world().headlamp.open(LIST, {
      before: async page => (goOn = await holdUp(page, API.destinations)),
    });
    const loading = slow.getByRole('main').getByRole('progressbar');
    await expectGoodLooks(loading, 'destinations-loading', LIGHT);
    goOn();
    const only = await open(LIST, [theLocal()]);
    const warning = only.getByText(/^All archives are in the directory of NKVM/);
    await expectGoodLooks(warning, 'destinations-only-local', LIGHT);
    const broken = await world().headlamp.open(LIST, {
      before: page => page.route(API.destinations, refuse(500, { message: 'it cannot be read' })),
    });
    await expectGoodLooks(broken.getByText('It cannot be read'), 'destinations-error', LIGHT);
    const denied = await world().headlamp.open(LIST, {
      before: page =>
        page.route(
          API.destinations,
          refuse(403, { message: 'ann may not list destinations.nkvm.io in namespace nkvm' })
        ),
    });
    const right = denied.getByText(/list destinations\.nkvm\.io/);
    await expectGoodLooks(right, 'destinations-denied', LIGHT);
  });

  it('reads what is stored at one, what is protected, and what is still to do', async () => {
    const page = await open(`${LIST}/offsite`);
    const chart = page.getByRole('table', { name: 'Stored by volume' });
    await expectGoodLooks(chart, 'destination');
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 1600 });
      await page.getByText('Protected', { exact: true }).scrollIntoViewIfNeeded();
      await shoot(page, `widths/destination-${width}`);
      expect(await isWhole(page), `${width} px`).toBe(true);
    }
    await button(page, 'Remove…').click();
    const removing = page.getByRole('dialog', { name: 'Remove destination offsite?' });
    await removing.getByText(/3 backups have no other copy/).waitFor();
    await shoot(page, 'pages/destination-remove');
    await button(page, 'Keep it').click();
    await button(page, 'Unlock…').click();
    await page.getByLabel('Secret key').waitFor();
    await shoot(page, 'pages/destination-unlock');
  });

  it('tests one, and reads at which step it fails', async () => {
    let answer = aDestinationCheck();
    const page = await open(`${LIST}/nas`, MANY, page =>
      page.route(API.checkOf('nas'), route => route.fulfill({ json: answer }))
    );
    const steps = page.getByRole('list', { name: 'Steps of the test' });
    const passed = steps.getByRole('img', { name: 'Passed' });
    for (const [at, step] of CHECK_STEPS.entries()) {
      const isHostKey = step === 'host-key';
      const reason = isHostKey ? 'HostKeyUnknown' : `Reason${at}`;
      answer = aDestinationCheck(
        { step, problem: aProblem({ reason, message: `why ${step} failed` }) },
        { hostKey: isHostKey ? HOST_KEY : null }
      );
      await button(page, /^Test( again)?\. Destination nas$/).click();
      await page.getByText(`Why ${step} failed (${reason})`).waitFor();
      expect(await page.getByText(/^The test failed at this step/).count()).toBe(1);
      expect(await steps.getByRole('img', { name: 'Failed' }).count()).toBe(1);
      expect(await passed.count()).toBe(at);
      if (isHostKey) await shootWidths(page, 'destination-host-key');
    }
    answer = aDestinationCheck();
    await button(page, /^Test( again)?\. Destination nas$/).click();
    await page.getByText('The test passed').waitFor();
    await shoot(page, 'pages/destination-test-passed');
  });

  it('adds a bucket, tests it, and its Secret is in the cluster', async () => {
    const { kubeUrl } = world();
    const secret = `${kubeUrl}/api/v1/namespaces/nkvm/secrets/archive`;
    onTestFinished(async () => void (await fetch(secret, { method: 'DELETE' })));
    const sent: unknown[] = [];
    const page = await open(LIST, MANY, page =>
      page.route(API.checkSettings, async route => {
        sent.push(route.request().postDataJSON());
        await route.fulfill({ json: aDestinationCheck() });
      })
    );
    await page.getByRole('link', { name: 'Add a destination' }).click();
    const kind = page.getByRole('radio', { name: 'S3' });
    await expectGoodLooks(kind, 'destination-kind');
    await kind.click();
    await button(page, 'Next').click();
    await page.getByLabel('Name of the destination').fill('archive');
    await page.getByLabel('Endpoint').fill('https://s3.example.com');
    await page.getByLabel('Bucket', { exact: false }).first().fill('backups');
    await page.getByLabel('Access key ID', { exact: false }).fill('AKIAEXAMPLE');
    await page.getByLabel('Secret access key', { exact: false }).fill(PASSWORD);
    await button(page, 'More settings').click();
    await page.getByLabel('Path-style addresses').click();
    await page.getByRole('option', { name: 'true' }).click();
    await page.getByRole('checkbox', { name: 'Default' }).check();
    await shootWidths(page, 'destination-settings');
    await button(page, 'Next').click();
    await page.getByRole('radio', { name: 'Encrypted for a key' }).click();
    await button(page, 'Make a key in this browser').click();
    await page.getByText(/^This secret key opens the archives/).waitFor();
    await shootWidths(page, 'destination-encryption');
    const download = page.waitForEvent('download');
    await button(page, 'Download the secret key').click();
    expect((await download).suggestedFilename()).toBe('nkvm-key.txt');
    await page.getByRole('checkbox', { name: 'I have stored the secret key' }).check();
    await button(page, 'Next').click();
    await button(page, 'Test').click();
    await page.getByText('The test passed').waitFor();
    await shootWidths(page, 'destination-save');
    expect(await page.content()).not.toContain(PASSWORD);
    await button(page, 'Save').click();
    await page.waitForURL(/\/nkvm\/destinations\/archive$/);

    const { metadata, data } = (await (await fetch(secret)).json()) as {
      metadata: { labels: object; annotations: object };
      data: Record<string, string>;
    };
    const stored = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, atob(value)])
    );
    expect(stored).toEqual({
      endpoint: 'https://s3.example.com',
      bucket: 'backups',
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: PASSWORD,
      forcePathStyle: 'true',
      ageRecipients: expect.stringMatching(/^age1/),
    });
    expect(sent).toEqual([{ name: 'archive', kind: 's3', settings: stored }]);
    expect(metadata.labels).toEqual({ 'nkvm.io/destination': 's3' });
    expect(metadata.annotations).toEqual({
      'nkvm.io/default': 'true',
      'nkvm.io/required': 'true',
    });
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])'
    );
    expect(kept).not.toContain(PASSWORD);
  });

  it('adds a server, after comparing its host key', async () => {
    const { kubeUrl } = world();
    const secret = `${kubeUrl}/api/v1/namespaces/nkvm/secrets/nas-2`;
    onTestFinished(async () => void (await fetch(secret, { method: 'DELETE' })));
    const page = await open(`${LIST}/new`, MANY, page =>
      page.route(API.checkSettings, route => {
        const { settings } = route.request().postDataJSON() as {
          settings: Record<string, string>;
        };
        const unknown = aDestinationCheck(
          { step: 'host-key', problem: aProblem({ reason: 'HostKeyUnknown' }) },
          { hostKey: HOST_KEY }
        );
        return route.fulfill({ json: settings.knownHosts ? aDestinationCheck() : unknown });
      })
    );
    await page.getByRole('radio', { name: 'SFTP' }).click();
    await button(page, 'Next').click();
    await page.getByLabel('Name of the destination').fill('nas-2');
    await page.getByLabel('Host', { exact: false }).first().fill('sftp://nas.example.com');
    await page.getByText(/without a protocol, user or path/).waitFor();
    await shootWidths(page, 'destination-sftp-wrong');
    await page.getByLabel('Host', { exact: false }).first().fill('nas.example.com');
    await page.getByLabel('User name', { exact: false }).fill('nkvm');
    await page.getByLabel('Password', { exact: false }).fill(PASSWORD);
    await page.getByLabel('Directory', { exact: false }).fill('/volume1/backups');
    await button(page, 'Next').click();
    await button(page, 'Next').click();
    await button(page, 'Test').click();
    await button(page, 'Trust this host key…').click();
    await page.getByRole('dialog', { name: 'Is this the key of your server?' }).waitFor();
    await shoot(page, 'pages/destination-trust');
    await button(page, 'Yes, trust it').click();
    await page.getByText('The test passed').waitFor();
    await button(page, 'Save').click();
    await page.waitForURL(/\/nkvm\/destinations\/nas-2$/);
    const { data } = (await (await fetch(secret)).json()) as { data: Record<string, string> };
    expect(atob(data.knownHosts ?? '')).toBe(HOST_KEY.knownHosts);
  });

  it('changes one without seeing what is stored', async () => {
    const page = await open(`${LIST}/offsite/edit`);
    const field = page.getByLabel('Secret access key');
    await expectGoodLooks(field, 'destination-edit', LIGHT);
    for (const each of await page.getByRole('textbox').all()) {
      expect(await each.inputValue()).toBe('');
    }
  });

  it('chooses where a backup goes', async () => {
    const page = await open('/nkvm/volumes/shop/uploads');
    await page.getByRole('button', { name: 'Back up to… shop/uploads' }).click();
    await page.getByRole('dialog').getByRole('checkbox', { name: /^nas/ }).waitFor();
    await shoot(page, 'pages/back-up-to');
    await page.setViewportSize({ width: 390, height: HEIGHT });
    await shoot(page, 'pages/back-up-to-narrow');
  });

  it('reads at which destinations a backup is missing', async () => {
    const run = await backUp(await callAsAdmin(world()), 'shop', 'uploads');
    const page = await open(`/nkvm/backups/${run.id}?namespace=shop`, MANY, page =>
      alter<Backup>(page, API.run, incomplete)
    );
    const state = page.getByText('Pending', { exact: true });
    await expectGoodLooks(state, 'run-incomplete');
    await button(page, 'Copy to…').click();
    await page.getByRole('radio', { name: /^dedup/ }).waitFor();
    await shoot(page, 'pages/copy-to');
  });
}

const incomplete = (backup: Backup): Backup => ({
  ...backup,
  status: 'failed',
  stage: 'copy',
  reason: 'Incomplete',
  message: 'incomplete: missing at nas: nas.example.com refuses connections at port 22',
  hint: 'start the SSH server there; the copy is then made by itself',
  failureClass: 'transient',
  destinations: ['local', 'offsite', 'nas'],
  copies: [
    ...backup.copies,
    aCopy({
      destination: 'offsite',
      encrypted: true,
      stored: { bytes: 3_200_000, sha256: 'cd'.repeat(32) },
      proof: { level: 'checksum', readFrom: 'server' },
    }),
    aCopy({
      destination: 'nas',
      state: 'awaited',
      retryAt: at(-0.1),
      provenAt: null,
      proof: null,
      problem: aProblem({
        reason: 'ConnectionRefused',
        message: 'nas.example.com refuses connections at port 22',
        hint: 'start the SSH server there',
      }),
    }),
  ],
});

async function shootWidths(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 1300 });
    await shoot(page, `widths/${name}-${width}`);
    expect(await isWhole(page), `${name}, ${width} px`).toBe(true);
  }
}
