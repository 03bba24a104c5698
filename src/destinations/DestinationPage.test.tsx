import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { Destination, DestinationDetails } from '../../sidecar/api';
import { CHECK_STEPS } from '../../sidecar/api/names.ts';
import {
  aDestination,
  aDestinationCheck,
  aProblem,
  destinationDetails,
  destinationList,
  theLocal,
} from '../testing/destinationSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';

const CHECK = 'POST /destinations/offsite/check';
const FINGERPRINT = `SHA256:${'a'.repeat(43)}`;

interface Given {
  destination?: Destination;
  volumes?: DestinationDetails['volumes'];
  mayManage?: boolean;
  mayWriteSecrets?: boolean;
  answers?: Parameters<typeof fakeCluster>[0];
}

const open = (given: Given = {}) => {
  const { destination = aDestination(), volumes, mayManage = true, answers } = given;
  const cluster = fakeCluster({
    'GET /destinations': destinationList([theLocal(), destination], mayManage),
    [`GET /destinations/${destination.name}`]: destinationDetails(destination, volumes),
    ...answers,
  });
  cluster.mayWriteSecrets = given.mayWriteSecrets ?? true;
  const user = openPage(cluster.name, `/nkvm/destinations/${destination.name}`);
  return { cluster, user };
};

const test = () => screen.findByRole('button', { name: 'Test. Destination offsite' });

describe('the page of a destination', () => {
  it('shows which volumes have how much there', async () => {
    const { user } = open({
      volumes: Array.from({ length: 12 }, (_, index) => ({
        cluster: 'uid-1',
        namespace: 'shop',
        name: `volume-${index}`,
        archives: 3,
        bytes: (12 - index) * 1024 ** 3,
        newestAt: '2026-11-20T10:00:00.000Z',
      })),
    });
    const table = within(await screen.findByRole('table', { name: 'Stored by volume' }));
    expect(table.getAllByRole('row')).toHaveLength(11);
    expect(table.getByRole('link', { name: 'shop/volume-0' })).toBeVisible();
    expect(table.getByText('12 GiB')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Show all 12' }));
    expect(table.getAllByRole('row')).toHaveLength(13);
  });

  it('tests it, and shows each step with what was seen', async () => {
    const { user } = open({ answers: { [CHECK]: aDestinationCheck() } });
    await user.click(await test());
    expect(await screen.findByText('The test passed')).toBeVisible();
    const steps = within(screen.getByRole('list', { name: 'Steps of the test' }));
    expect(steps.getAllByRole('img', { name: 'Passed' })).toHaveLength(CHECK_STEPS.length);
    expect(steps.getByText('s3.example.com is 203.0.113.7')).toBeVisible();
  });

  it.each(CHECK_STEPS)('names the step %s where it fails', async step => {
    const check = aDestinationCheck({ step, problem: aProblem() });
    const { user } = open({ answers: { [CHECK]: check } });
    await user.click(await test());
    expect(await screen.findByText(/^The test failed at this step/)).toBeVisible();
    expect(screen.getByText(/Correct user name and password/)).toBeVisible();
    const steps = within(screen.getByRole('list', { name: 'Steps of the test' }));
    const at = CHECK_STEPS.indexOf(step);
    const states = steps.getAllByRole('img').map(each => each.getAttribute('aria-label'));
    expect(states).toEqual(
      CHECK_STEPS.map((_, index) =>
        index < at ? 'Passed' : index === at ? 'Failed' : 'Not tested'
      )
    );
  });

  it('writes a host key into the Secret only after the person has confirmed it', async () => {
    const hostKey = { fingerprint: FINGERPRINT, knownHosts: 'nas ssh-ed25519 AAAA' };
    const problem = aProblem({ reason: 'HostKeyUnknown', message: 'nobody has confirmed it' });
    const { user, cluster } = open({
      answers: { [CHECK]: aDestinationCheck({ step: 'host-key', problem }, { hostKey }) },
    });
    await user.click(await test());
    expect(await screen.findByText(/shows this host key for the first time/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Trust this host key…' }));
    expect(cluster.secretCalls).toEqual([]);
    await user.click(await screen.findByRole('button', { name: 'Yes, trust it' }));
    await waitFor(() =>
      expect(cluster.secretCalls).toEqual([
        {
          request: 'PATCH secrets/offsite',
          sent: { stringData: { knownHosts: hostKey.knownHosts } },
        },
      ])
    );
  });

  it('says that a host key has changed', async () => {
    const hostKey = { fingerprint: FINGERPRINT, knownHosts: 'nas ssh-ed25519 AAAA' };
    const problem = aProblem({ reason: 'HostKeyChanged' });
    const { user } = open({
      answers: { [CHECK]: aDestinationCheck({ step: 'host-key', problem }, { hostKey }) },
    });
    await user.click(await test());
    expect(await screen.findByText(/another host key than before/)).toBeVisible();
  });

  it('offers nothing to those who may not, and says which right they lack and whom to ask', async () => {
    const encryption = {
      recipients: 1,
      hasPassphrase: false,
      isUnlocked: false,
      kitStoredAt: null,
    };
    const { user, cluster } = open({
      mayManage: false,
      mayWriteSecrets: false,
      destination: aDestination({ encryption }),
    });
    const manage = /update destinations\.nkvm\.io in namespace nkvm\. Ask an administrator of NKVM/;
    expect((await screen.findAllByText(manage))[0]).toBeVisible();
    for (const [name, why] of [
      [/^Test/, manage],
      [/^Read it again/, manage],
      [/^Check now/, manage],
      [/^Unlock/, manage],
      [/^Edit/, /permission to patch secrets in namespace nkvm/],
      [/^I have stored it/, /permission to patch secrets/],
      [/^Remove/, /permission to delete secrets/],
    ] as const) {
      const button = await screen.findByRole('button', { name });
      await waitFor(() => expect(button).toHaveAttribute('aria-disabled', 'true'));
      expect(button).toHaveAccessibleDescription(why);
      await user.click(button);
    }
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(cluster.calls.filter(call => !call.startsWith('GET'))).toEqual([]);
    expect(cluster.secretCalls).toEqual([]);
  });

  it('checks whether archives can be deleted', async () => {
    const { user, cluster } = open({ answers: { 'POST /destinations/offsite/append-only': {} } });
    await user.click(
      await screen.findByRole('button', { name: 'Check now. Protection against deletion' })
    );
    await waitFor(() => expect(cluster.calls).toContain('POST /destinations/offsite/append-only'));
  });

  it.each([
    ['protected', 'Protected'],
    ['deletable', 'Can be deleted'],
    ['undetermined', 'Could not be determined'],
  ] as const)('shows the result %s of that', async (result, text) => {
    const appendOnly = { result, message: 'what was seen', at: '2026-11-20T10:00:00.000Z' };
    open({ destination: aDestination({ appendOnly }) });
    expect(await screen.findByText(text)).toBeVisible();
    expect(screen.getByText('What was seen')).toBeVisible();
  });

  it('says that there is no such destination', async () => {
    const { name } = fakeCluster({
      'GET /destinations': destinationList([theLocal()]),
      'GET /destinations/gone': refusal(404, 'there is no destination gone'),
    });
    openPage(name, '/nkvm/destinations/gone');
    expect(await screen.findByText('Destination not found')).toBeVisible();
  });

  it('leaves the directory of the installation as it is', async () => {
    open({ destination: theLocal() });
    await screen.findByText('Destination local');
    expect(screen.queryByRole('button', { name: 'Remove…' })).toBeNull();
    expect(screen.queryByRole('link', { name: 'Edit' })).toBeNull();
  });
});

describe('a destination is removed', () => {
  const remove = async (given: Given = {}) => {
    const opened = open(given);
    await opened.user.click(await screen.findByRole('button', { name: 'Remove…' }));
    return opened;
  };

  it('after the person has read what exists only there', async () => {
    const { user, cluster } = await remove();
    expect(screen.getByText(/3 backups have no other copy/)).toBeVisible();
    expect(screen.getByText(/The archives stay where they are/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Remove the destination' }));
    await waitFor(() =>
      expect(cluster.secretCalls).toEqual([{ request: 'DELETE secrets/offsite', sent: undefined }])
    );
    await waitFor(() => expect(location.pathname).toMatch(/\/nkvm\/destinations$/));
  });

  it('with a warning where nobody knows what is there', async () => {
    await remove({ destination: aDestination({ catalog: null }) });
    expect(screen.getByText(/may hold the only copy of some backups/)).toBeVisible();
  });

  it('only with the right, which is named', async () => {
    const { user } = await remove({
      answers: {
        DELETE: refusal(403, 'secrets "offsite" is forbidden: User "ann" cannot delete resource'),
      },
    });
    await user.click(screen.getByRole('button', { name: 'Remove the destination' }));
    expect(await screen.findByText(/permission to delete secrets in namespace nkvm/)).toBeVisible();
    expect(screen.getByText('kubectl auth can-i delete secrets -n nkvm')).toBeVisible();
  });
});

describe('the archives of a destination are encrypted', () => {
  const encryption = { recipients: 2, hasPassphrase: false, isUnlocked: false, kitStoredAt: null };
  const destination = aDestination({ encryption });

  it('and NKVM reads them after it was given the key', async () => {
    const { user, cluster } = open({
      destination,
      answers: { 'POST /destinations/offsite/unlock': {} },
    });
    await user.click(await screen.findByRole('button', { name: 'Unlock…' }));
    const field = screen.getByLabelText('Secret key');
    expect(field).toHaveAttribute('type', 'password');
    await user.type(field, 'wrong');
    expect(screen.getByText(/begins with AGE-SECRET-KEY-1/)).toBeVisible();
    await user.clear(field);
    await user.type(field, 'AGE-SECRET-KEY-1QQQ');
    await user.click(screen.getByRole('button', { name: 'Unlock' }));
    await waitFor(() =>
      expect(cluster.calls).toContain(
        'POST /destinations/offsite/unlock {"identity":"AGE-SECRET-KEY-1QQQ"}'
      )
    );
  });

  it('and are locked again', async () => {
    const { user, cluster } = open({
      destination: aDestination({ encryption: { ...encryption, isUnlocked: true } }),
      answers: { 'POST /destinations/offsite/lock': {} },
    });
    await user.click(await screen.findByRole('button', { name: 'Lock' }));
    await waitFor(() => expect(cluster.calls).toContain('POST /destinations/offsite/lock'));
  });

  it('and the person says that the recovery kit is stored', async () => {
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockReturnValue();
    vi.stubGlobal(
      'URL',
      class extends URL {
        static override createObjectURL = () => 'blob:kit';
        static override revokeObjectURL = () => undefined;
      }
    );
    const { user, cluster } = open({
      destination,
      answers: { 'GET /destinations/offsite/recovery-kit': { text: 'kit', fileName: 'kit.txt' } },
    });
    await user.click(await screen.findByRole('button', { name: 'Download the recovery kit' }));
    await waitFor(() => expect(click).toHaveBeenCalledOnce());
    click.mockRestore();
    await user.click(screen.getByRole('button', { name: 'I have stored it' }));
    await waitFor(() =>
      expect(cluster.secretCalls).toEqual([
        {
          request: 'PATCH secrets/offsite',
          sent: {
            metadata: {
              annotations: {
                'nkvm.io/recovery-kit-stored-at': expect.stringMatching(/^\d{4}-.*Z$/),
              },
            },
          },
        },
      ])
    );
  });
});
