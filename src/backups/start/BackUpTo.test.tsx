import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../sidecar/api';
import {
  aDestination,
  aProblem,
  destinationList,
  theLocal,
} from '../../testing/destinationSamples';
import { fakeCluster } from '../../testing/fakeCluster';
import { openPage } from '../../testing/mount';
import { aBackup, aVolume, backupList, startedBackups } from '../../testing/samples';

const open = (destinations: Destination[]) => {
  const cluster = fakeCluster({
    'GET /volumes/shop/orders-db': aVolume(),
    'GET /backups': backupList([]),
    'GET /destinations': destinationList(destinations),
    'POST /backups': startedBackups([aBackup()]),
  });
  return { cluster, user: openPage(cluster.name, '/nkvm/volumes/shop/orders-db') };
};

const opens = () => screen.findByRole('button', { name: 'Back up to… shop/orders-db' });
const box = (name: RegExp) => screen.getByRole('checkbox', { name });

describe('a person who backs up to a destination of their choice', () => {
  it('finds the defaults chosen, and sends what is chosen in the end', async () => {
    const { user, cluster } = open([
      theLocal(),
      aDestination(),
      aDestination({ name: 'nas', isDefault: false }),
    ]);
    await user.click(await opens());
    expect(box(/^local/)).toBeChecked();
    expect(box(/^offsite/)).toBeChecked();
    expect(box(/^nas/)).not.toBeChecked();
    await user.click(box(/^local/));
    await user.click(box(/^nas/));
    await user.click(screen.getByRole('button', { name: 'Back up' }));
    await waitFor(() =>
      expect(cluster.calls).toContain(
        'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}],"destinations":["offsite","nas"]}'
      )
    );
  });

  it('is told of those that do not work', async () => {
    const { user } = open([
      theLocal(),
      aDestination({ state: 'paused', problem: aProblem(), retryAt: '2026-11-26T22:00:00.000Z' }),
      aDestination({ name: 'broken', state: 'invalid', problem: aProblem() }),
    ]);
    await user.click(await opens());
    expect(screen.getByText(/Nothing is sent there until Nov 26, 2026/)).toBeVisible();
    expect(screen.getByText('Paused')).toBeVisible();
    expect(box(/^offsite/)).toBeChecked();
    expect(box(/^broken/)).toBeDisabled();
    expect(box(/^broken/)).not.toBeChecked();
  });

  it('chooses at least one', async () => {
    const { user, cluster } = open([theLocal(), aDestination({ isDefault: false })]);
    await user.click(await opens());
    await user.click(box(/^local/));
    expect(screen.getByText('Choose at least one.')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Back up' }));
    expect(cluster.calls.filter(call => call.startsWith('POST /backups'))).toEqual([]);
  });

  it('is not asked where there is one only, and Back up sends no choice', async () => {
    const { user, cluster } = open([theLocal()]);
    await user.click(await screen.findByRole('button', { name: 'Back up shop/orders-db' }));
    await waitFor(() =>
      expect(cluster.calls).toContain(
        'POST /backups {"volumes":[{"namespace":"shop","name":"orders-db"}]}'
      )
    );
    expect(screen.queryByRole('button', { name: /to…/ })).toBeNull();
  });
});
