import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { allowRestoresCommand, openNamespaceCommand } from '../../sidecar/api/names.ts';
import { findChromium } from '../browser/support/chromium.ts';
import type { Headlamp } from '../browser/support/headlamp.ts';
import { headlampOver, shoot } from '../browser/support/page.ts';
import { run } from './machine/run.ts';
import { backUp } from './support/backups.ts';
import { runInVolume } from './support/inVolume.ts';
import { kubeconfigPath, kubectl } from './support/kubectl.ts';
import type { ServiceProxy } from './support/service-proxy.ts';
import { apiThroughServiceProxy } from './support/service-proxy.ts';
import { token } from './support/token.ts';
import { until } from './support/until.ts';

const hasBrowser = findChromium() !== undefined;
if (!hasBrowser) console.warn('No Chromium on this machine: the tests in a browser are skipped.');

const NAMESPACE = 'restore-pages';
const FILE = 'reports/2026.txt';

let proxy: ServiceProxy;
let headlamp: Headlamp;
let backup: string;

const paste = (command: string): void =>
  void run('sh', ['-c', command.replace(/^kubectl/, `kubectl --kubeconfig=${kubeconfigPath()}`)]);

const inVolume = (claim: string, script: string): string =>
  runInVolume(kubectl, { namespace: NAMESPACE, claim }, script);

const button = (page: Page, name: string): Locator =>
  page.getByRole('button', { name, exact: true });
const LONG = { timeout: 60_000 };
const restored = (page: Page): Promise<void> =>
  page.getByText('The data is restored').waitFor(LONG);

beforeAll(async () => {
  if (!hasBrowser) return;
  proxy = await apiThroughServiceProxy();
  headlamp = await headlampOver({ clusters: [{ name: 'main', kubeUrl: proxy.origin }] });
  kubectl(['create', 'namespace', NAMESPACE]);
  paste(openNamespaceCommand(NAMESPACE));
  paste(allowRestoresCommand(NAMESPACE));
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'notes', namespace: NAMESPACE },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      resources: { requests: { storage: '1Gi' } },
    },
  };
  kubectl(['create', '--filename=-'], JSON.stringify(claim));
  inVolume('notes', `mkdir reports && echo first > ${FILE} && echo kept > kept.txt`);
  const admin = token();
  const made = await until(
    'it is backed up',
    () => backUp((path, init) => proxy.fetch(path, admin, init), NAMESPACE, 'notes'),
    60_000
  );
  backup = made.id;
  inVolume('notes', `echo changed > ${FILE} && echo new > since.txt`);
});
afterAll(async () => {
  await headlamp?.close();
  if (proxy) kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
  await proxy?.stop();
});

describe.skipIf(!hasBrowser)('in Headlamp, on a real cluster, a person', () => {
  it('walks through the files of a backup, and downloads one', async () => {
    const page = await headlamp.open(`/nkvm/backups/${backup}/files?namespace=${NAMESPACE}`);
    const grid = page.getByRole('grid');
    await grid.getByRole('button', { name: 'reports', exact: true }).click(LONG);
    const file = grid.getByRole('button', { name: '2026.txt', exact: true });
    await file.waitFor(LONG);
    await shoot(page, 'cluster/files');
    await file.click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('dialog').getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(await download.failure()).toBeNull();
    expect(readFileSync(await download.path(), 'utf8')).toBe('first\n');
  });

  it('makes the claim the same as its backup with the wizard, and undoes that with one click', async () => {
    const query = `backup=${backup}&namespace=${NAMESPACE}&volume=notes`;
    const page = await headlamp.open(`/nkvm/restore?${query}`);
    await button(page, 'Next').click(LONG);
    await page.getByRole('radio', { name: 'The original claim' }).click();
    await page.getByRole('radio', { name: 'Match the backup exactly' }).click();
    await button(page, 'See what will happen').click();
    const confirm = page.getByRole('checkbox', {
      name: 'Delete 1 file that the backup does not have',
    });
    await confirm.waitFor(LONG);
    await shoot(page, 'cluster/restore-plan');
    await confirm.check();
    await button(page, 'Start the restore').click();
    await restored(page);
    await shoot(page, 'cluster/restore-done');
    const look = `cat ${FILE}; ls`;
    expect(inVolume('notes', look)).toBe('first\nkept.txt\nreports\n');

    await button(page, `Undo the restore into ${NAMESPACE}/notes`).click();
    await button(page, 'Undo the restore').click();
    await page
      .getByRole('heading', { name: `Undo of a restore into ${NAMESPACE}/notes` })
      .waitFor(LONG);
    await restored(page);
    await shoot(page, 'cluster/restore-undone');
    expect(inVolume('notes', look)).toBe('changed\nkept.txt\nreports\nsince.txt\n');
  });

  it('uploads an archive of this computer, and restores it into a new claim', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nkvm-upload-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'brought along.txt'), 'data\n');
    const archive = join(folder, 'mine.tar.gz');
    execFileSync('tar', ['-czf', archive, '-C', folder, 'brought along.txt']);
    const page = await headlamp.open('/nkvm/restore');
    await page.getByRole('radio', { name: /^A \.tar\.gz file/ }).click(LONG);
    await page.getByRole('combobox', { name: 'Namespace to restore into' }).fill(NAMESPACE);
    await page.getByLabel('Archive to upload').setInputFiles(archive);
    await page.getByText('The archive was uploaded and read to its end.').waitFor(LONG);
    await button(page, 'Next').click();
    await page.getByLabel('Name', { exact: true }).fill('brought-along');
    await page.getByRole('combobox', { name: 'Size' }).fill('1Gi');
    await page.getByRole('combobox', { name: 'Storage class' }).fill('fast');
    await button(page, 'See what will happen').click();
    await page.getByText(/^The archive was uploaded/).waitFor(LONG);
    await shoot(page, 'cluster/restore-upload-plan');
    await button(page, 'Start the restore').click();
    await restored(page);
    expect(inVolume('brought-along', 'cat "brought along.txt"')).toBe('data\n');
  });
});
