import { screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { aDestination, destinationList } from '../testing/destinationSamples';
import { fakeCluster } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';

/** The pages that lists, runs and settings have, and what each asks for first. */
const PAGES: [page: string, request: string][] = [
  ['volumes/shop/orders-db', 'GET /volumes/shop/orders-db'],
  ['backups/7', 'GET /backups/7'],
  ['backups/7/files', 'GET /backups/7'],
  ['restores/9', 'GET /restores/9'],
  ['destinations', 'GET /destinations'],
  ['destinations/nas', 'GET /destinations/nas'],
  ['doctor', 'GET /doctor'],
  ['clusters', 'GET /clusters'],
  ['access/shop', 'GET /namespaces/shop/access'],
];

it.each(PAGES)(
  'says what may be wrong where an answer is of another form: %s',
  async (page, of) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined); // React tells of each error
    const { name } = fakeCluster({ [of]: { error: 'login required' } });
    openPage(name, `/nkvm/${page}`);
    expect(await screen.findByText(/^The answer of NKVM cannot be shown/)).toBeVisible();
  }
);

it('shows the page once the answer is right', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { name, answer } = fakeCluster({ 'GET /destinations': { error: 'login required' } });
  const user = openPage(name, '/nkvm/destinations');
  const again = await screen.findByRole('button', { name: 'Try again' });
  answer('GET /destinations', destinationList([aDestination({ name: 'nas' })]));
  await user.click(again);
  expect(await screen.findByText('nas')).toBeVisible();
});

it('waits for no list that an answer does not have', async () => {
  const { name } = fakeCluster({ 'GET /volumes': { error: 'login required' } });
  openPage(name, '/nkvm/volumes');
  expect(await screen.findByText(/has no list of volumes/)).toBeVisible();
});
