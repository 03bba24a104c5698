import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { AuditEntryShown, AuditList } from '../../sidecar/api';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';

const entry = (differs: Partial<AuditEntryShown> = {}): AuditEntryShown => ({
  ...{ sequence: 7, previous: 'a'.repeat(64), hash: 'b'.repeat(64), phase: 'ended', begun: 6 },
  ...{ at: new Date(Date.now() - 7_200_000).toISOString(), cluster: 'prod' },
  actor: {
    ...{ kind: 'serviceAccount', name: 'system:serviceaccount:shop:nkvm-user', uid: 'uid-1' },
    ...{ groups: [], credential: 'JTI=7f' },
  },
  from: { peer: '10.0.0.1', client: '192.0.2.7' },
  action: 'backup.start',
  claims: [{ namespace: 'shop', name: 'orders-db', uid: 'uid-2' }],
  ...{ backup: null, archive: null, destination: null, runs: ['run-1'] },
  ...{ result: 'allowed', status: 202, reason: null, detail: null, repeated: 0 },
  ...differs,
});

const list = (entries: AuditEntryShown[], nextCursor: string | null = null): AuditList => ({
  ...{ entries, nextCursor, actions: ['backup.start', 'restore.start'] },
});

const LIST = 'GET /audit';
const right = 'ann may not get audit.nkvm.io in namespace nkvm';

const open = (answers: Parameters<typeof fakeCluster>[0], search = '') => {
  const cluster = fakeCluster(answers);
  return { cluster, user: openPage(cluster.name, `/nkvm/audit${search}`) };
};

describe('the audit log', () => {
  it('shows caller, action, target and result, and all of an entry on demand', async () => {
    const refused = entry({
      ...{ sequence: 8, result: 'refused', status: 403, reason: 'Forbidden', detail: right },
    });
    const { user } = open({ [LIST]: list([refused, entry()]) });
    const table = within(await screen.findByRole('table', { name: 'Entries of the audit log' }));
    expect(table.getAllByText('shop:nkvm-user')).toHaveLength(2);
    expect(table.getAllByText('shop/orders-db')).toHaveLength(2);
    expect(table.getByText('Allowed')).toBeVisible();
    expect(table.getByText('Refused')).toBeVisible();
    expect(table.getByText(right)).toBeVisible();
    await user.click(table.getByRole('button', { name: 'Details of entry 7' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Entry 7' }));
    for (const text of ['JTI=7f', '192.0.2.7', 'shop/orders-db (uid-2)', 'run-1'])
      expect(dialog.getByText(text)).toBeVisible();
  });

  it('asks for what the address names, and for older entries', async () => {
    const { cluster, user } = open(
      { [LIST]: list([entry()], '7') },
      '?action=backup.start&volume=shop/orders-db&result=allowed'
    );
    await user.click(await screen.findByRole('button', { name: 'Show more' }));
    const asked = cluster.calls.filter(call => call.startsWith(LIST));
    expect(asked).toEqual([
      `${LIST}?action=backup.start&namespace=shop&claim=orders-db&result=allowed&limit=50`,
      `${LIST}?action=backup.start&namespace=shop&claim=orders-db&result=allowed&cursor=7&limit=50`,
    ]);
  });

  it('checks the chain, and names the place that is broken', async () => {
    const { user } = open({
      [LIST]: list([entry()]),
      'POST /audit/check': {
        ...{ isWhole: false, checkedAt: entry().at, entries: 7, first: 1, last: 7 },
        hash: 'b'.repeat(64),
        broken: {
          problem: 'changed',
          sequence: 3,
          file: '1.jsonl',
          message: 'entry 3 was changed',
        },
      },
    });
    await user.click(await screen.findByRole('button', { name: 'Check the chain' }));
    expect(await screen.findByText(/The chain is broken at entry 3/)).toBeVisible();
  });

  it('names the right that is missing, says what failed, and that there is nothing', async () => {
    open({ [LIST]: refusal(403, right) });
    expect(await screen.findByText(/get audit\.nkvm\.io in namespace nkvm/)).toBeVisible();
    open({ [LIST]: refusal(500, 'the disk does not answer') });
    expect(await screen.findByText('The disk does not answer')).toBeVisible();
    open({ [LIST]: list([]) });
    expect(await screen.findByText('No entries yet')).toBeVisible();
    const { user } = open({ [LIST]: list([]) }, '?who=bob');
    await user.click(await screen.findByRole('button', { name: 'Clear filters' }));
    expect(window.location.search).toBe('');
  });
});
