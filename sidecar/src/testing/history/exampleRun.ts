import type { Backup } from '../../../api/index.ts';
import { runIds } from '../../history/runId.ts';
import { exampleCopy } from './exampleCopy.ts';

const nextId = runIds();

/** A finished run such as production has them, for tests and measurements. */
export function exampleRun(change: Partial<Backup> = {}): Backup {
  const id = change.id ?? nextId();
  const createdAt = change.createdAt ?? '2026-11-20T10:11:12.000Z';
  const after = (ms: number) => new Date(Date.parse(createdAt) + ms).toISOString();
  const sha256 = 'ab'.repeat(32);
  const key = `kind__shop__orders-db__20261120T101112Z__${id}.tar.gz`;
  return {
    id,
    namespace: 'shop',
    name: 'orders-db',
    uid: '5d0c6a3e-8f0b-4c58-9a53-0f6f1c2d3e4f',
    kind: 'backup',
    namespaceUid: '0b6a1f6e-33a8-4d7c-8d4e-0a4f6cbb9d10',
    clusterUid: '9f2c1b7a-5e0d-4c63-b1a8-7d2e4f6a8c90',
    status: 'success',
    stage: 'cleanup',
    bytes: 1_213_456_789,
    sha256,
    archive: `/var/lib/nkvm/backups/${key}`,
    destinations: ['local'],
    copies: [
      exampleCopy({
        destination: 'local',
        key,
        bytes: 1_213_456_789,
        sha256,
        provenAt: after(12_000),
        proof: { level: 'checksum', readFrom: 'storage' },
      }),
    ],
    message: '1.1 GiB in 50,178 entries, proven by SHA-256',
    reason: null,
    hint: null,
    failureClass: null,
    warnings: ['some files changed while they were read'],
    tarMessages: ['tar: ./log: file changed as we read it'],
    warningCount: 1,
    createdAt,
    startedAt: after(3),
    endedAt: after(12_345),
    stages: (['create', 'wait', 'exec', 'copy', 'checksum', 'publish', 'cleanup'] as const).map(
      (stage, index) => ({
        stage,
        startedAt: after(index * 1_700),
        endedAt: after((index + 1) * 1_700),
      })
    ),
    seal: {
      bytes: 1_213_456_789,
      sha256,
      tarExit: 1,
      compressorExit: 0,
      files: 50_178,
      rawBytes: 2_160_000_000,
      omitted: { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 },
    },
    chain: null,
    helper: { pod: `nkvm-backup-${id}`, node: 'node-b', image: 'docker.io/nkvm/nkvm:dev' },
    transport: 'exec',
    transportReason: 'archives travel through the API server',
    priority: 'on-demand',
    attempt: 1,
    retryAt: null,
    queuePosition: null,
    acceptEmpty: false,
    form: null,
    verify: null,
    requestedBy: 'system:serviceaccount:shop:nkvm-user',
    restoreCommand: null,
    provenRestorableAt: null,
    ...change,
  };
}

/** A run that was asked for and has not begun. */
export const queuedRun = (change: Partial<Backup> = {}): Backup =>
  exampleRun({
    status: 'queued',
    stage: null,
    bytes: null,
    sha256: null,
    archive: null,
    copies: [],
    message: '',
    warnings: [],
    tarMessages: [],
    warningCount: 0,
    startedAt: null,
    endedAt: null,
    stages: [],
    seal: null,
    helper: null,
    transport: null,
    transportReason: null,
    ...change,
  });
