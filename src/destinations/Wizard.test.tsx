import { act, screen, waitFor, within } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { refresh } from '../api/cache';
import {
  aDestination,
  aDestinationCheck,
  aProblem,
  destinationDetails,
  destinationList,
  theLocal,
} from '../testing/destinationSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { goTo, openPage } from '../testing/mount';
import { bech32 } from './ageKey';

const CHECK = 'POST /destinations/check';
const PASSWORD = 'correct horse battery staple';
const RECIPIENT = bech32('age', new Uint8Array(32).fill(7));

function open(answers: Parameters<typeof fakeCluster>[0] = {}, mayWriteSecrets = true) {
  const cluster = fakeCluster({
    'GET /destinations': destinationList([theLocal(), aDestination({ name: 'nas' })]),
    [CHECK]: aDestinationCheck(),
    'GET /destinations/offsite': destinationDetails(aDestination()),
    ...answers,
  });
  cluster.mayWriteSecrets = mayWriteSecrets;
  return { cluster, user: openPage(cluster.name, '/nkvm/destinations/new') };
}

const next = (user: UserEvent) => user.click(screen.getByRole('button', { name: 'Next' }));

async function fill(user: UserEvent, kind: string, fields: Record<string, string>) {
  await user.click(await screen.findByRole('radio', { name: kind }));
  await next(user);
  for (const [label, text] of Object.entries(fields)) {
    const field = screen.getByLabelText(new RegExp(`^${label}( \\*)?$`));
    await user.click(field);
    await user.paste(text);
  }
}

const s3 = {
  'Name of the destination': 'offsite',
  Bucket: 'backups',
  'Access key ID': 'AKIA',
  'Secret access key': PASSWORD,
};

const sftp = {
  'Name of the destination': 'offsite',
  Host: 'nas.example.com',
  'User name': 'nkvm',
  Password: PASSWORD,
  Directory: '/backups',
};

describe('the wizard of destinations', () => {
  it('tests a bucket and writes its Secret, and the password is nowhere else', async () => {
    const said = ['log', 'debug', 'info', 'warn', 'error'].map(each =>
      vi.spyOn(console, each as 'log').mockImplementation(() => undefined)
    );
    onTestFinished(() => said.forEach(each => each.mockRestore()));
    const { user, cluster } = open();
    await fill(user, 'S3', s3);
    expect(screen.getByLabelText(/^Secret access key/)).toHaveAttribute('type', 'password');
    await user.click(screen.getByRole('checkbox', { name: 'Default' }));
    await next(user);
    await user.click(screen.getByRole('radio', { name: 'Encrypted for a key' }));
    await user.click(screen.getByLabelText('Recipients'));
    await user.paste(RECIPIENT);
    await next(user);

    expect(screen.getByText(/secretAccessKey: "REPLACE_ME"/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Test' }));
    expect(await screen.findByText('The test passed')).toBeVisible();
    const stringData = {
      bucket: 'backups',
      accessKeyId: 'AKIA',
      secretAccessKey: PASSWORD,
      ageRecipients: RECIPIENT,
    };
    expect(cluster.calls).toContain(
      `${CHECK} ${JSON.stringify({ name: 'offsite', kind: 's3', settings: stringData })}`
    );
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(location.pathname).toMatch(/\/nkvm\/destinations\/offsite$/));
    expect(cluster.secretCalls).toEqual([
      {
        request: 'POST secrets',
        sent: {
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'Opaque',
          metadata: {
            name: 'offsite',
            namespace: 'nkvm',
            labels: { 'nkvm.io/destination': 's3' },
            annotations: { 'nkvm.io/default': 'true', 'nkvm.io/required': 'true' },
          },
          stringData,
        },
      },
    ]);
    const seen = [
      document.body.innerHTML,
      location.href,
      ...[localStorage, sessionStorage].map(each => JSON.stringify({ ...each })),
      JSON.stringify(said.flatMap(each => each.mock.calls.map(String))),
    ].join(' ');
    expect(seen).not.toContain(PASSWORD);
  });

  it('asks about the host key of a server, and goes on with it', async () => {
    const hostKey = {
      fingerprint: `SHA256:${'a'.repeat(43)}`,
      knownHosts: 'nas.example.com ssh-ed25519 AAAA',
    };
    const problem = aProblem({ reason: 'HostKeyUnknown' });
    const unknown = aDestinationCheck({ step: 'host-key', problem }, { hostKey });
    const { user, cluster } = open({
      [CHECK]: sent =>
        (sent as { settings: { knownHosts?: string } }).settings.knownHosts
          ? aDestinationCheck()
          : unknown,
    });
    await fill(user, 'SFTP', sftp);
    await next(user);
    await next(user);
    await user.click(screen.getByRole('button', { name: 'Test' }));
    await user.click(await screen.findByRole('button', { name: 'Trust this host key…' }));
    await user.click(await screen.findByRole('button', { name: 'Yes, trust it' }));
    expect(await screen.findByText('The test passed')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() =>
      expect(cluster.secretCalls[0]?.sent).toMatchObject({
        stringData: { knownHosts: hostKey.knownHosts },
      })
    );
  });

  it('can save without a passed test, and says so', async () => {
    const { user, cluster } = open({
      [CHECK]: aDestinationCheck({ step: 'login', problem: aProblem() }),
    });
    await fill(user, 'SFTP', sftp);
    await next(user);
    await next(user);
    await user.click(screen.getByRole('button', { name: 'Test' }));
    expect(await screen.findByText(/this step – Log in/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Save without a passed test' }));
    await waitFor(() => expect(cluster.secretCalls).toHaveLength(1));
  });

  it('does not go on while something is missing or wrong', async () => {
    const { user } = open();
    await fill(user, 'SFTP', { 'Name of the destination': 'nas', Host: 'sftp://nas' });
    expect(screen.getByText('A destination with this name already exists.')).toBeVisible();
    expect(screen.getByText(/without a protocol, user or path/)).toBeVisible();
    const button = screen.getByRole('button', { name: 'Next' });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await user.click(button);
    expect(screen.getByLabelText(/^Host \*$/)).toBeVisible();
  });

  it('makes a key, and goes on once its owner has stored it', async () => {
    const { user } = open();
    await fill(user, 'S3', s3);
    await next(user);
    await user.click(screen.getByRole('radio', { name: 'Encrypted for a key' }));
    await user.click(await screen.findByRole('button', { name: 'Make a key in this browser' }));
    await waitFor(() =>
      expect(screen.getByLabelText<HTMLTextAreaElement>('Recipients').value).toMatch(/^age1/)
    );
    expect(screen.getByRole('button', { name: 'Next' })).toHaveAttribute('aria-disabled', 'true');
    await user.click(screen.getByRole('checkbox', { name: 'I have stored the secret key' }));
    await next(user);
    expect(screen.getByText(/ageRecipients: "age1/)).toBeVisible();
    expect(document.body.innerHTML).not.toContain('AGE-SECRET-KEY');
  });

  it('encrypts for no key that its owner has not stored', async () => {
    const { user } = open();
    await fill(user, 'S3', s3);
    await next(user);
    await user.click(screen.getByRole('radio', { name: 'Encrypted for a key' }));
    await user.click(await screen.findByRole('button', { name: 'Make a key in this browser' }));
    await screen.findByRole('checkbox', { name: 'I have stored the secret key' });
    await user.click(screen.getByRole('radio', { name: 'Not encrypted' }));
    await user.click(screen.getByRole('radio', { name: 'Encrypted for a key' }));
    expect(screen.getByLabelText('Recipients')).toHaveValue('');
    await user.click(screen.getByRole('radio', { name: 'Not encrypted' }));
    await next(user);
    expect(screen.getByRole('button', { name: 'Test' })).toBeVisible();
  });

  it('shows the command where the browser cannot make keys', async () => {
    vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new Error('unknown algorithm'));
    onTestFinished(() => void vi.restoreAllMocks());
    const { user } = open();
    await fill(user, 'S3', s3);
    await next(user);
    await user.click(screen.getByRole('radio', { name: 'Encrypted for a key' }));
    expect(await screen.findByText('age-keygen -o nkvm-key.txt')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Make a key in this browser' })).toBeNull();
  });

  it('does not ask about encryption for restic, which encrypts by itself', async () => {
    const { user } = open();
    await fill(user, 'restic', {
      'Name of the destination': 'offsite',
      Repository: '/srv/restic',
      Password: PASSWORD,
    });
    await next(user);
    expect(screen.getByRole('button', { name: 'Test' })).toBeVisible();
  });

  it('says at once that the Secret cannot be written, and that it was not', async () => {
    const { user } = open(
      { POST: refusal(403, 'secrets is forbidden: User "ann" cannot create resource "secrets"') },
      false
    );
    const lacks = /permission to create secrets in namespace nkvm/;
    expect(await screen.findByText(lacks)).toBeVisible();
    await fill(user, 'S3', s3);
    await next(user);
    await next(user);
    await user.click(screen.getByRole('button', { name: 'Save without a passed test' }));
    expect(await screen.findByText('kubectl auth can-i create secrets -n nkvm')).toBeVisible();
    expect(screen.getAllByText(lacks)).toHaveLength(2);
  });

  it('says that there is a Secret of this name', async () => {
    const { user } = open({ POST: refusal(409, 'secrets "offsite" already exists') });
    await fill(user, 'S3', s3);
    await next(user);
    await next(user);
    await user.click(screen.getByRole('button', { name: 'Save without a passed test' }));
    expect(await screen.findByText(/A Secret with this name already exists/)).toBeVisible();
  });
});

describe('the settings of a destination', () => {
  const edit = (destination = aDestination()) => {
    const cluster = fakeCluster({
      'GET /destinations': destinationList([destination]),
      'GET /destinations/offsite': destinationDetails(destination),
    });
    return { cluster, user: openPage(cluster.name, '/nkvm/destinations/offsite/edit') };
  };

  it('show nothing that is stored, and change what is filled in', async () => {
    const { user, cluster } = edit();
    const field = await screen.findByLabelText('Secret access key');
    expect(screen.getAllByRole('textbox').map(each => (each as HTMLInputElement).value)).toEqual(
      expect.arrayContaining([''])
    );
    await user.type(field, 'rotated');
    await user.click(screen.getByRole('button', { name: 'Remove Prefix' }));
    await user.click(screen.getByRole('checkbox', { name: 'Required' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() =>
      expect(cluster.secretCalls).toEqual([
        {
          request: 'PATCH secrets/offsite',
          sent: {
            metadata: { annotations: { 'nkvm.io/required': 'false' } },
            stringData: { secretAccessKey: 'rotated' },
            data: { prefix: null },
          },
        },
      ])
    );
    expect(await screen.findAllByText(/is saved\. Test it/)).not.toEqual([]);
  });

  it('are those of one destination: what was typed for it is not there for another one', async () => {
    const other = aDestination({ name: 'nearline' });
    const cluster = fakeCluster({
      'GET /destinations': destinationList([aDestination(), other]),
      'GET /destinations/offsite': destinationDetails(aDestination()),
      'GET /destinations/nearline': destinationDetails(other),
    });
    const at = (name: string) => `/nkvm/destinations/${name}/edit`;
    const user = openPage(cluster.name, at('nearline'));
    await screen.findByLabelText('Secret access key');
    goTo(`/c/${cluster.name}${at('offsite')}`);
    await screen.findByText('Settings of destination offsite');
    await user.type(await screen.findByLabelText('Secret access key'), 'of offsite');
    goTo(`/c/${cluster.name}${at('nearline')}`);
    await screen.findByText('Settings of destination nearline');
    expect(await screen.findByLabelText('Secret access key')).toHaveValue('');
  });

  it('keep what is typed when the session ends, and until it begins again', async () => {
    const { user, cluster } = edit();
    const field = () => screen.findByLabelText('Secret access key');
    await user.type(await field(), 'typed');
    cluster.person = undefined;
    await act(() => refresh(cluster.name));
    expect(await screen.findByText('You are not logged in')).toBeVisible();
    expect(screen.getByText('The text that you have entered on this page is kept.')).toBeVisible();
    expect(await field()).not.toBeVisible();
    cluster.person = 'ann';
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(async () => expect(await field()).toBeVisible());
    expect(await field()).toHaveValue('typed');
  });

  it('keep the focus where more of them are shown', async () => {
    const { user } = edit();
    await user.click(await screen.findByRole('button', { name: 'More settings' }));
    const more = screen.getByRole('group', { name: 'More settings' });
    expect(more).toHaveFocus();
    await user.tab();
    expect(more).toContainElement(document.activeElement as HTMLElement);
  });

  it('of the installation are elsewhere', async () => {
    const cluster = fakeCluster({
      'GET /destinations': destinationList([theLocal()]),
      'GET /destinations/local': destinationDetails(theLocal()),
    });
    openPage(cluster.name, '/nkvm/destinations/local/edit');
    const main = await screen.findByText(/belongs to the installation/);
    expect(within(main).queryByRole('button')).toBeNull();
  });
});
