import { act, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { refresh } from '../api/cache';
import {
  aClusterCheck,
  clusterList,
  otherCluster,
  ownCluster,
  refusedCluster,
  unreachableCluster,
} from '../testing/clusterSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';

const LIST = 'GET /clusters';
const KUBECONFIG = 'apiVersion: v1';

const open = (answers: Parameters<typeof fakeCluster>[0]) => {
  const cluster = fakeCluster(answers);
  return { cluster, user: openPage(cluster.name, '/nkvm/clusters') };
};
const cardOf = async (name: string) =>
  within((await screen.findByRole('heading', { name })).closest<HTMLElement>('li')!);

describe('the list of clusters', () => {
  it('shows how each stands, that of NKVM first', async () => {
    open({ [LIST]: clusterList([ownCluster(), otherCluster(), unreachableCluster()]) });
    const own = await cardOf('main');
    expect(own.getByText('NKVM runs here')).toBeVisible();
    expect(own.getByText('42')).toBeVisible();
    expect(own.queryByRole('button')).toBeNull();
    const other = await cardOf('site-b');
    expect(other.getByText('Ready')).toBeVisible();
    expect(other.getByText('k8s.site-b.example.com:6443')).toBeVisible();
    expect(other.getByText('nkvm-cluster-site-b')).toBeVisible();
    const away = await cardOf('site-c');
    expect(away.getByText('Unreachable')).toBeVisible();
    expect(away.getByText(/ECONNREFUSED .* \(ClusterUnreachable\)/)).toBeVisible();
    // Its kubeconfig is a file, which NKVM only reads.
    expect(away.queryByRole('button')).toBeNull();
  });

  it('says why one is not used', async () => {
    open({ [LIST]: clusterList([ownCluster(), refusedCluster()]) });
    const card = await cardOf('eks-production');
    expect(card.getByText('Not used')).toBeVisible();
    expect(
      card.getByText(/^The field user\.exec of the kubeconfig starts a program/)
    ).toBeVisible();
  });

  it('says what can be added where there is only that of NKVM', async () => {
    open({ [LIST]: clusterList([ownCluster()]) });
    expect(await screen.findByText(/^NKVM backs up this cluster only/)).toBeVisible();
  });

  it('keeps a pasted kubeconfig when the session ends', async () => {
    const { user, cluster } = open({ [LIST]: clusterList([ownCluster()]) });
    await user.click(await screen.findByRole('button', { name: 'Add a cluster' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByLabelText('Kubeconfig'), KUBECONFIG);
    cluster.person = undefined;
    await act(() => refresh(cluster.name));
    await waitFor(() => expect(screen.queryByText(/^NKVM backs up this cluster only/)).toBeNull());
    expect(dialog.getByLabelText('Kubeconfig')).toHaveValue(KUBECONFIG);
  });

  it('offers nothing to those who may not, and says which right they lack', async () => {
    const { user } = open({ [LIST]: clusterList([ownCluster(), otherCluster()], false) });
    const card = await cardOf('site-b');
    for (const [button, right] of [
      [screen.getByRole('button', { name: 'Add a cluster' }), 'create clusters.nkvm.io'],
      [card.getByRole('button', { name: /^Replace/ }), 'update and delete clusters.nkvm.io'],
      [card.getByRole('button', { name: /^Remove/ }), 'update and delete clusters.nkvm.io'],
    ] as const) {
      expect(button).toHaveAttribute('aria-disabled', 'true');
      expect(button).toHaveAccessibleDescription(
        `You don’t have permission to ${right} in namespace nkvm. Ask an administrator of NKVM for it.`
      );
      await user.click(button);
    }
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('says that it could not be loaded', async () => {
    open({ [LIST]: refusal(403, 'ann may not see clusters') });
    expect(await screen.findByText(/ann may not see clusters/i)).toBeVisible();
  });
});

describe('adding a cluster', () => {
  const fill = async (user: ReturnType<typeof openPage>) => {
    await user.click(await screen.findByRole('button', { name: 'Add a cluster' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByLabelText('Name'), 'site-b');
    await user.type(dialog.getByLabelText('Kubeconfig'), KUBECONFIG);
    return dialog;
  };

  it('checks first, shows what was found, and then stores', async () => {
    const { cluster, user } = open({
      [LIST]: clusterList([ownCluster()]),
      'POST /clusters': sent =>
        aClusterCheck({
          isStored: !(sent as { dryRun: boolean }).dryRun,
          missing: [{ verb: 'list', group: 'apps', resource: 'deployments', purpose: 'x' }],
          mayTooMuch: true,
        }),
    });
    const dialog = await fill(user);
    await user.click(dialog.getByRole('button', { name: 'Check' }));
    expect(await dialog.findByText('list deployments.apps')).toBeVisible();
    expect(dialog.getByText(/can read all Secrets of that cluster/)).toBeVisible();
    expect(dialog.getByText('uid-of-b')).toBeVisible();
    await user.click(dialog.getByRole('button', { name: 'Add the cluster' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    const sent = cluster.calls.filter(call => call.startsWith('POST /clusters'));
    expect(sent.map(call => JSON.parse(call.slice('POST /clusters '.length)))).toEqual([
      { name: 'site-b', kubeconfig: KUBECONFIG, dryRun: true },
      { name: 'site-b', kubeconfig: KUBECONFIG, dryRun: false },
    ]);
  });

  it('asks which context counts, where there are several', async () => {
    const { cluster, user } = open({
      [LIST]: clusterList([ownCluster()]),
      'POST /clusters': () => aClusterCheck(),
    });
    const dialog = await fill(user);
    expect(dialog.queryByLabelText('Context')).toBeNull();
    const several = JSON.stringify({ contexts: [{ name: 'first' }, { name: 'second' }] });
    await user.clear(dialog.getByLabelText('Kubeconfig'));
    await user.paste(several);
    await user.click(dialog.getByLabelText('Context'));
    await user.click(await screen.findByRole('option', { name: 'second' }));
    await user.click(dialog.getByRole('button', { name: 'Check' }));
    await waitFor(() =>
      expect(cluster.calls).toContain(
        `POST /clusters ${JSON.stringify({
          ...{ name: 'site-b', kubeconfig: several, context: 'second', dryRun: true },
        })}`
      )
    );
  });

  it('shows why a kubeconfig is refused, and checks again when it has changed', async () => {
    const { user } = open({
      [LIST]: clusterList([ownCluster()]),
      'POST /clusters': refusal(422, 'the field user.exec of the kubeconfig starts a program'),
    });
    const dialog = await fill(user);
    await user.click(dialog.getByRole('button', { name: 'Check' }));
    expect(await dialog.findByText(/^The field user\.exec/)).toBeVisible();
    await user.type(dialog.getByLabelText('Kubeconfig'), ' ');
    expect(dialog.queryByText(/^The field user\.exec/)).toBeNull();
    expect(dialog.getByRole('button', { name: 'Check' })).toBeVisible();
  });

  it('keeps nothing of the text when the dialog is closed', async () => {
    const { user } = open({ [LIST]: clusterList([ownCluster()]) });
    const dialog = await fill(user);
    await user.click(dialog.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await user.click(screen.getByRole('button', { name: 'Add a cluster' }));
    expect(within(await screen.findByRole('dialog')).getByLabelText('Kubeconfig')).toHaveValue('');
  });

  it('takes a file, and shows the commands that make one', async () => {
    const { user } = open({ [LIST]: clusterList([ownCluster()]) });
    const dialog = await fill(user);
    const file = new File(['from a file'], 'b.kubeconfig');
    file.text = async () => 'from a file'; // jsdom has none
    await user.upload(dialog.getByLabelText('Kubeconfig file'), file);
    await waitFor(() => expect(dialog.getByLabelText('Kubeconfig')).toHaveValue('from a file'));
    await user.click(dialog.getByRole('button', { name: 'How to prepare the other cluster' }));
    expect(dialog.getByText(/kubectl apply --server-side -k deploy\/k8s\/remote/)).toBeVisible();
    expect(dialog.getByText(/kubectl config set-cluster site-b/)).toBeVisible();
  });
});

describe('a cluster that is there', () => {
  it('gets new credentials', async () => {
    const { cluster, user } = open({
      [LIST]: clusterList([ownCluster(), otherCluster()]),
      'PUT /clusters/site-b': () => aClusterCheck(),
    });
    await user.click(await screen.findByRole('button', { name: /^Replace credentials of/ }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.queryByLabelText('Name')).toBeNull();
    await user.type(dialog.getByLabelText('Kubeconfig'), KUBECONFIG);
    await user.click(dialog.getByRole('button', { name: 'Check' }));
    await user.click(await dialog.findByRole('button', { name: 'Replace' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(cluster.calls).toContain(
      `PUT /clusters/site-b ${JSON.stringify({ kubeconfig: KUBECONFIG, dryRun: false })}`
    );
  });

  it('is removed when a person confirms it', async () => {
    const { cluster, user } = open({
      [LIST]: clusterList([ownCluster(), otherCluster()]),
      'DELETE /clusters/site-b': new Response(null, { status: 204 }),
    });
    const isRemoved = () => cluster.calls.some(call => call.startsWith('DELETE'));
    await user.click(await screen.findByRole('button', { name: 'Remove cluster site-b' }));
    expect(await screen.findByText(/archives stay where they are/)).toBeVisible();
    expect(isRemoved()).toBe(false);
    await user.click(screen.getByRole('button', { name: 'Remove the cluster' }));
    await waitFor(() => expect(isRemoved()).toBe(true));
  });
});
