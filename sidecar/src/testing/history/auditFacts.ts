import type { AuditFacts } from '../../history/audit/line.ts';

/** @returns what an entry of the audit log says, with these differences. */
export const auditFacts = (differs: Partial<AuditFacts> = {}): AuditFacts => ({
  phase: 'whole',
  begun: null,
  at: '2026-03-01T12:00:00.000Z',
  cluster: 'test',
  actor: {
    kind: 'serviceAccount',
    name: 'system:serviceaccount:shop:nkvm-user',
    uid: 'uid-1',
    groups: ['system:serviceaccounts'],
    credential: 'JTI=1',
  },
  from: { peer: '10.0.0.1', client: '192.0.2.7' },
  action: 'backup.start',
  claims: [{ namespace: 'shop', name: 'orders-db', uid: 'uid-2' }],
  ...{ backup: null, archive: null, destination: null, runs: ['run-1'] },
  ...{ result: 'allowed', status: 202, reason: null, detail: null, repeated: 0 },
  ...differs,
});
