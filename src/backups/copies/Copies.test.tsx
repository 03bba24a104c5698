import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Backup, Destination } from '../../../sidecar/api';
import { CopyRun } from '../../../sidecar/api';
import {
  aDestination,
  aProblem,
  destinationList,
  theLocal,
} from '../../testing/destinationSamples';
import { fakeCluster, refusal } from '../../testing/fakeCluster';
import { openPage } from '../../testing/mount';
import { aBackup, aCopy, aFailed, backupList } from '../../testing/samples';

const COPY = 'POST /backups/01jd5/copies';

function open(backup: Backup, destinations: Destination[], answers = {}) {
  const cluster = fakeCluster({
    'GET /destinations': destinationList(destinations),
    [`GET /backups/${backup.id}`]: backup,
    [`GET /backups/${backup.id}/checks`]: { checks: [] },
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, `/nkvm/backups/${backup.id}`) };
}

const at = (destination: string, differs: Partial<Backup['copies'][number]>) =>
  aCopy({ destination, provenAt: null, proof: null, ...differs });

const incomplete = aFailed({
  reason: 'Incomplete',
  message: 'incomplete: missing at offsite: the login is refused',
  hint: 'correct the login',
  destinations: ['local', 'offsite'],
  copies: [
    aCopy({ proof: { level: 'checksum', readFrom: 'server' } }),
    at('offsite', {
      state: 'awaited',
      retryAt: '2026-11-26T22:00:00.000Z',
      problem: aProblem({ message: 'the login is refused' }),
    }),
    at('nas', { state: 'failed', isRequired: false, problem: aProblem({ reason: 'Full' }) }),
    at('old', { state: 'missing' }),
  ],
});

const rowOf = async (name: string) =>
  within((await screen.findByRole('link', { name })).closest('tr')!);

const aCopyRun = CopyRun.parse({
  id: '8',
  backup: '01jd5',
  destination: 'nas',
  namespace: 'shop',
  name: 'orders-db',
  status: 'running',
  stage: 'create',
  bytes: null,
  totalBytes: 4096,
  message: '',
  reason: null,
  hint: null,
  failureClass: null,
  warnings: [],
  createdAt: '2026-11-20T10:00:00.000Z',
  startedAt: null,
  endedAt: null,
  attempt: 1,
  retryAt: null,
  requestedBy: 'ann',
});

describe('the copies of a backup', () => {
  it('say where each is, how it was proven, and why it is not there', async () => {
    open(incomplete, [theLocal(), aDestination()]);
    expect(await screen.findByText(/^Incomplete\. Missing at offsite, old/)).toBeVisible();
    expect(screen.getByText(/verified and can be restored/)).toBeVisible();
    const local = await rowOf('local');
    expect(local.getByText('Present')).toBeVisible();
    expect(local.getByText('Checksum, as reported by the server')).toBeVisible();
    const offsite = await rowOf('offsite');
    expect(offsite.getByText('Pending')).toBeVisible();
    expect(offsite.getByText(/^NKVM tries again Nov 26, 2026/)).toBeVisible();
    expect(offsite.getByText(/The login is refused \(LoginRefused\)/)).toBeVisible();
    const nas = await rowOf('nas');
    expect(nas.getByText('Failed')).toBeVisible();
    expect(nas.getByText('Optional')).toBeVisible();
    expect((await rowOf('old')).getByText('Missing')).toBeVisible();
    // It can be restored and browsed.
    expect(screen.getByRole('link', { name: 'Restore shop/orders-db' })).toBeVisible();
  });

  it('are not spoken of where there is one place only', async () => {
    open(aBackup(), [theLocal()]);
    expect(await screen.findByText('Proof over time')).toBeVisible();
    expect(screen.queryByText('Copies')).toBeNull();
  });

  it('become one more at a destination that is chosen', async () => {
    const destinations = [theLocal(), aDestination(), aDestination({ name: 'nas' })];
    const { user, cluster } = open(aBackup(), destinations, {
      [COPY]: { copy: aCopyRun },
      'GET /copies/8': { ...aCopyRun, bytes: 2048, stage: 'copy' },
    });
    await user.click(await screen.findByRole('button', { name: 'Copy to…' }));
    expect(screen.queryByRole('radio', { name: /^local/ })).toBeNull();
    const copy = screen.getByRole('button', { name: 'Copy' });
    expect(copy).toHaveAttribute('aria-disabled', 'true');
    await user.click(screen.getByRole('radio', { name: /^nas/ }));
    await user.click(copy);
    await waitFor(() => expect(cluster.calls).toContain(`${COPY} {"destination":"nas"}`));
    expect((await screen.findAllByText(/Copying to nas/))[0]).toBeVisible();
    expect(await screen.findByText(/2 KiB of 4 KiB/)).toBeVisible();
    cluster.answer('GET /copies/8', { ...aCopyRun, status: 'failed', message: 'nas is full' });
    expect(await screen.findByText(/Nas is full/)).toBeVisible();
  });

  it('say why one more cannot be had', async () => {
    const { user } = open(aBackup(), [theLocal(), aDestination()], {
      [COPY]: refusal(409, 'the destination is paused'),
    });
    await user.click(await screen.findByRole('button', { name: 'Copy to…' }));
    await user.click(screen.getByRole('radio', { name: /^offsite/ }));
    await user.click(screen.getByRole('button', { name: 'Copy' }));
    expect(await screen.findByText(/The destination is paused/)).toBeVisible();
  });

  it('are named in the list of backups', async () => {
    const { name } = fakeCluster({ 'GET /backups': backupList([incomplete]) });
    openPage(name, '/nkvm/backups');
    const row = within((await screen.findByRole('link', { name: 'orders-db' })).closest('tr')!);
    expect(row.getByText('Incomplete')).toBeVisible();
    expect(row.getByText('Missing at offsite, old')).toBeVisible();
    expect(row.getByText('3 MiB')).toBeVisible();
  });
});
