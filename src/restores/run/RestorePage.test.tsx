import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Restore } from '../../../sidecar/api';
import { fakeCluster, fakeStream, refusal } from '../../testing/fakeCluster';
import { openPage } from '../../testing/mount';
import {
  aComparison,
  aRestore,
  aRestoring,
  restoreList,
  startedRestore,
} from '../../testing/restoreSamples';

const MIB = 1024 ** 2;

const open = (answer: Restore | Response, answers = {}) => {
  const cluster = fakeCluster({
    'GET /restores/9': answer,
    'GET /restores': restoreList([]),
    ...answers,
  });
  return { cluster, user: openPage(cluster.name, '/nkvm/restores/9?namespace=shop') };
};
const rowOf = async (name: string) => within((await screen.findByText(name)).closest('tr')!);
const intoOrders = {
  target: { namespace: 'shop', name: 'orders-db', uid: 'uid-orders-db', mode: 'mirror' as const },
};

describe('the page of a restore', () => {
  it('says first that the data is there, and what was compared', async () => {
    open(aRestore());
    expect(
      await screen.findByRole('heading', { name: 'Restore into shop/orders-db-restored' })
    ).toBeVisible();
    expect(screen.getByText('The data is restored')).toBeVisible();
    expect(
      screen.getByText('12 entries were compared with the archive. None differs.')
    ).toBeVisible();
    const href = (name: string) => screen.getByRole('link', { name }).getAttribute('href');
    expect(href('Backup of shop/orders-db')).toMatch(/\/nkvm\/backups\/7\?namespace=shop$/);
    expect(href('shop/orders-db-restored')).toMatch(/\/nkvm\/volumes\/shop\/orders-db-restored$/);
    expect((await rowOf('Write the files')).getByText('Done')).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Undo/ })).toBeNull();
  });

  it('shows percent, and what goes on, as it happens', async () => {
    const stream = fakeStream();
    const { cluster } = open(aRestoring({ bytes: MIB, totalBytes: 4 * MIB }), {
      'GET /restores/9/events': stream.answer,
    });
    expect(await screen.findByText(/25 % · 1 MiB of 4 MiB/)).toBeVisible();
    await waitFor(() => expect(stream.isOpen()).toBe(true));
    stream.send('restore', aRestoring({ bytes: 2 * MIB, totalBytes: 4 * MIB }));
    expect(await screen.findByText(/50 % · 2 MiB of 4 MiB/)).toBeVisible();
    stream.send(
      'restore',
      aRestoring({
        bytes: 4 * MIB,
        totalBytes: 4 * MIB,
        steps: [
          { step: 'write', state: 'done', message: '' },
          { step: 'compare', state: 'running', message: '' },
        ],
      })
    );
    expect((await screen.findAllByText('Comparing the files with the archive'))[0]).toBeVisible();
    expect(screen.queryByText(/100 %/)).toBeNull();
    cluster.answer('GET /restores/9', aRestore());
    stream.send('restore', aRestore());
    expect(await screen.findByText('The data is restored')).toBeVisible();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('names by kind what could not be restored', async () => {
    const notRestored = [{ kind: 'selinux' as const, count: 5, names: ['data/a', 'data/b'] }];
    open(aRestore({ comparison: aComparison({ notRestored }) }));
    expect(await screen.findByText('SELinux labels. 5 entries')).toBeVisible();
    expect(screen.getByText('data/a')).toBeVisible();
    expect(screen.getByText('and 3 more')).toBeVisible();
  });

  it('says where it failed, why, what to do, and how the claim stands', async () => {
    open(
      aRestore({
        ...intoOrders,
        status: 'failed',
        stage: 'copy',
        reason: 'RestoreDiffers',
        message: '2 entries of claim shop/orders-db differ from the archive',
        hint: 'restore again into a new claim',
        safetyBackupId: '6',
        comparison: aComparison({ differences: 2, examples: ['data/a has another size'] }),
        steps: [
          { step: 'write', state: 'done', message: '' },
          { step: 'compare', state: 'failed', message: '2 differences' },
        ],
        helper: { pod: 'nkvm-restore-9', node: null, lastWords: 'tar: no space left' },
      })
    );
    const alert = (await screen.findAllByRole('alert'))[0]!;
    expect(alert).toHaveTextContent('Failed at stage copy (RestoreDiffers)');
    expect(alert).toHaveTextContent('How to fix it Restore again into a new claim');
    expect(screen.getByText(/may contain a part of the backup/)).toHaveTextContent(
      /Undo restores its previous contents/
    );
    expect(screen.getByText('data/a has another size')).toBeVisible();
    expect(screen.getByText('tar: no space left')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Troubleshoot the copy stage' })).toBeVisible();
    expect(screen.queryByText('The data is restored')).toBeNull();
  });

  it('says that nothing was written', async () => {
    open(
      aRestore({
        ...intoOrders,
        status: 'failed',
        reason: 'DigestDiffers',
        comparison: null,
        steps: [
          { step: 'check-archive', state: 'failed', message: '' },
          { step: 'write', state: 'waiting', message: '' },
        ],
      })
    );
    expect(await screen.findByText(/^Nothing was written\. Claim shop\/orders-db/)).toBeVisible();
  });

  it('undoes what was done, once that is confirmed', async () => {
    const done = aRestore({ ...intoOrders, safetyBackup: true, safetyBackupId: '6' });
    const undo = aRestoring({ ...intoOrders, id: '10', undoOf: '9' });
    const { cluster, user } = open(done, {
      'POST /restores/9/undo': startedRestore(undo),
      'GET /restores/10': undo,
    });
    await user.click(
      await screen.findByRole('button', { name: 'Undo the restore into shop/orders-db' })
    );
    await user.click(await screen.findByRole('button', { name: 'Keep it as it is' }));
    expect(cluster.calls).not.toContain('POST /restores/9/undo');
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    await user.click(screen.getByRole('button', { name: 'Undo the restore into shop/orders-db' }));
    await user.click(await screen.findByRole('button', { name: 'Undo the restore' }));
    expect(
      await screen.findByRole('heading', { name: 'Undo of a restore into shop/orders-db' })
    ).toBeVisible();
    expect(window.location.pathname).toMatch(/\/nkvm\/restores\/10$/);
  });

  it('leads to the restore that undid it', async () => {
    const done = aRestore({ ...intoOrders, safetyBackupId: '6' });
    open(done, {
      'GET /restores': restoreList([aRestore({ ...intoOrders, id: '10', undoOf: '9' }), done]),
    });
    expect(await screen.findByRole('link', { name: 'It was undone' })).toHaveAttribute(
      'href',
      expect.stringMatching(/\/nkvm\/restores\/10\?/)
    );
    expect(screen.queryByRole('button', { name: /^Undo/ })).toBeNull();
  });

  it('says why it could not be undone', async () => {
    const { user } = open(aRestore({ ...intoOrders, safetyBackupId: '6' }), {
      'POST /restores/9/undo': refusal(403, 'ann may not create persistentvolumeclaims/restore'),
    });
    await user.click(await screen.findByRole('button', { name: /^Undo the restore into/ }));
    await user.click(await screen.findByRole('button', { name: 'Undo the restore' }));
    expect(await screen.findByText(/^The restore could not be undone.*Ann may not/)).toBeVisible();
  });

  it('cancels once that is confirmed', async () => {
    const { cluster, user } = open(aRestoring(), {
      'GET /restores/9/events': fakeStream().answer,
      'POST /restores/9/cancel': aRestore({ status: 'cancelled' }),
    });
    await user.click(await screen.findByRole('button', { name: /^Cancel the restore into/ }));
    expect(screen.getByText(/^The new claim is deleted again/)).toBeVisible();
    const steps = [{ step: 'create-claim' as const, state: 'undone' as const, message: '' }];
    cluster.answer('GET /restores/9', aRestore({ status: 'cancelled', steps, comparison: null }));
    await user.click(screen.getByRole('button', { name: 'Cancel the restore' }));
    expect(await screen.findByText(/was deleted again\.$/)).toBeVisible();
    expect(document.body).not.toHaveFocus();
  });

  it('says that a restore is not known', async () => {
    open(refusal(404, 'restore 9 is not known'));
    expect(await screen.findByText('Restore not found')).toBeVisible();
  });
});
