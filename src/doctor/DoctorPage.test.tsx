import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { DoctorReport } from '../../sidecar/api';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';

const DOCTOR = 'GET /doctor';

const report = (checks: DoctorReport['checks'], outcome: DoctorReport['outcome'] = 'failed') => ({
  outcome,
  at: new Date().toISOString(),
  ...{ version: '1.2.3', cluster: 'prod', namespace: 'nkvm', checks },
});
const MISSING: DoctorReport['checks'][number] = {
  check: 'rights',
  outcome: 'failed',
  findings: [
    {
      outcome: 'failed',
      text: 'NKVM may not watch nodes: volumes are not shown',
      toDo: 'add this rule',
      paste: "- apiGroups: ['']\n  resources: [nodes]\n  verbs: [watch]",
    },
  ],
};
const FINE: DoctorReport['checks'][number] = {
  check: 'disk',
  outcome: 'ok',
  findings: [{ outcome: 'ok', text: 'there is room', toDo: null, paste: null }],
};

const open = (answer: Parameters<typeof fakeCluster>[0][string]) => {
  const cluster = fakeCluster({ [DOCTOR]: answer });
  return { cluster, user: openPage(cluster.name, '/nkvm/doctor') };
};
const checkOf = async (name: string) =>
  within((await screen.findByRole('heading', { name })).closest<HTMLElement>('li')!);

describe('the page of the doctor', () => {
  it('shows of each check what was found, what to do, and what to paste', async () => {
    open(report([MISSING, FINE]));
    const rights = await checkOf('Rights of NKVM');
    expect(rights.getByText('Failed')).toBeVisible();
    expect(rights.getByText(/NKVM may not watch nodes.* Add this rule\./)).toBeVisible();
    expect(rights.getByText(/resources: \[nodes\]/)).toBeVisible();
    expect((await checkOf('Disk')).getByText('There is room.')).toBeVisible();
    expect(screen.getByRole('status')).toHaveTextContent('Something is wrong');
    expect(screen.getByRole('heading', { name: 'Storage' })).toBeVisible();
  });

  it('checks again, and shows the new report', async () => {
    const { cluster, user } = open(report([MISSING]));
    await checkOf('Rights of NKVM');
    cluster.answer(DOCTOR, report([{ ...FINE, check: 'rights' }], 'ok'));
    await user.click(screen.getByRole('button', { name: 'Check again' }));
    await waitFor(() =>
      expect(screen.getByRole('status')).toHaveTextContent('All checks are fine')
    );
    expect(cluster.calls.filter(call => call === DOCTOR)).toHaveLength(2);
  });

  it('copies the report as text', async () => {
    const { user } = open(report([MISSING]));
    const write = vi.fn(async () => undefined);
    await checkOf('Rights of NKVM');
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation(write);
    await user.click(screen.getByRole('button', { name: 'Copy the report as text' }));
    expect(write).toHaveBeenCalledWith(
      expect.stringMatching(/^NKVM 1\.2\.3, cluster prod, [^]*FAILED {3}rights: NKVM may not watch/)
    );
  });

  it('names the missing right to a person without it', async () => {
    open(refusal(403, 'ann may not get settings.nkvm.io in namespace nkvm'));
    expect(await screen.findByText(/settings\.nkvm\.io/)).toBeVisible();
  });
});
