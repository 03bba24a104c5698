import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { aDestination, aProblem, destinationList, theLocal } from '../testing/destinationSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';

const LIST = 'GET /destinations';

const open = (answer: Parameters<typeof fakeCluster>[0][string]) => {
  const cluster = fakeCluster({ [LIST]: answer });
  return { cluster, user: openPage(cluster.name, '/nkvm/destinations') };
};

const cardOf = async (name: string) =>
  (await screen.findByRole('link', { name })).closest<HTMLElement>('li')!;

describe('the list of destinations', () => {
  it('shows how each stands, what is stored there, and what exists only there', async () => {
    open(
      destinationList([
        theLocal(),
        aDestination({ isRequired: false, isInsecure: true, isDefault: false }),
      ])
    );
    const local = within(await cardOf('local'));
    expect(local.getByText('Ready')).toBeVisible();
    expect(local.getByText('Default')).toBeVisible();
    expect(local.getByText('80 GiB')).toBeVisible();
    expect(local.getByText('Of other installations').nextSibling).toHaveTextContent('2');
    const offsite = within(await cardOf('offsite'));
    expect(offsite.getByText('s3://backups/cluster-1 at https://s3.example.com')).toBeVisible();
    expect(offsite.getByText('Archives').nextSibling).toHaveTextContent('120');
    expect(offsite.getByText('Only here').nextSibling).toHaveTextContent('3 backups');
    expect(offsite.getByText('Last proof').nextSibling).toHaveTextContent('2 hours ago');
    expect(offsite.getByText('Optional')).toBeVisible();
    expect(offsite.getByText('Insecure')).toBeVisible();
    expect(offsite.queryByText('Default')).toBeNull();
  });

  it.each([
    ['paused', 'Paused', /several times in a row\. Nothing is sent there until/],
    ['failing', 'Failing', /Backups still try it/],
    ['invalid', 'Wrong settings', /until its settings are corrected/],
  ] as const)('says of one that is %s what is wrong, and what to do', async (state, word, says) => {
    const retryAt = state === 'paused' ? new Date(Date.now() + 60_000).toISOString() : null;
    open(destinationList([aDestination({ state, retryAt, problem: aProblem() })]));
    const card = within(await cardOf('offsite'));
    expect(card.getByText(word)).toBeVisible();
    expect(card.getByText(says)).toBeVisible();
    expect(card.getByText(/refuses the login of nkvm \(LoginRefused\)/)).toBeVisible();
    expect(card.getByText(/Correct user name and password/)).toBeVisible();
  });

  it('reminds of a recovery kit that nobody has stored', async () => {
    const encryption = {
      recipients: 1,
      hasPassphrase: false,
      isUnlocked: false,
      kitStoredAt: null,
    };
    open(destinationList([aDestination({ encryption })]));
    const card = within(await cardOf('offsite'));
    expect(card.getByText(/recovery kit is not stored yet/)).toBeVisible();
    expect(card.getByText('Encrypted')).toBeVisible();
  });

  it('says that a catalog could not be read', async () => {
    open(
      destinationList([aDestination({ catalogProblem: aProblem({ message: 'it broke off' }) })])
    );
    expect(await screen.findByText(/The stored archives could not be read/)).toBeVisible();
    expect(screen.getByText(/It broke off/)).toBeVisible();
  });

  it('warns where all archives are in this cluster', async () => {
    open(destinationList([theLocal()]));
    expect(await screen.findByText(/All archives are in the directory of NKVM/)).toBeVisible();
    expect(screen.getByRole('link', { name: 'Add a destination' })).toHaveAttribute(
      'href',
      expect.stringContaining('/nkvm/destinations/new')
    );
  });

  it('says where there is none', async () => {
    open(destinationList([]));
    expect(await screen.findByText(/^Backups cannot be stored until/)).toBeVisible();
  });

  it('names the right that is missing', async () => {
    open(refusal(403, 'ann may not list destinations.nkvm.io in namespace nkvm'));
    expect(await screen.findByText(/list destinations\.nkvm\.io/)).toBeVisible();
  });

  it('says that it could not be loaded', async () => {
    open(refusal(500, 'the list is broken'));
    expect(await screen.findByText('The list is broken')).toBeVisible();
  });
});
