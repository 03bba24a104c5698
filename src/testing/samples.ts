import {
  Backup,
  BackupList,
  Copy,
  Obstacle,
  openNamespaceCommand,
  StartedBackups,
  Volume,
  VolumeList,
} from '../../sidecar/api';

/** A proven archive at the directory of the installation. */
export const aCopy = (differs: Partial<Copy> = {}): Copy =>
  Copy.parse({
    destination: 'local',
    key: 'main__shop__orders-db__20261120T100000Z__01jd5.tar.gz',
    state: 'present',
    isRequired: true,
    problem: null,
    retryAt: null,
    bytes: 3 * 1024 ** 2,
    sha256: 'ab'.repeat(32),
    encrypted: false,
    stored: null,
    provenAt: '2026-11-20T10:00:05.200Z',
    proof: { level: 'checksum', readFrom: 'storage' },
    verifiedAt: null,
    ...differs,
  });

/**
 * A sound run that has ended well; tests say only in what theirs differs.
 * Samples pass the contract's own schemas: what the sidecar would never send cannot be tested with.
 */
export const aBackup = (differs: Partial<Backup> = {}): Backup =>
  Backup.parse({
    id: '01jd5',
    namespace: 'shop',
    name: 'orders-db',
    uid: 'uid-orders-db',
    kind: 'backup',
    namespaceUid: 'uid-shop',
    clusterUid: 'uid-kube-system',
    status: 'success',
    stage: 'cleanup',
    bytes: 3 * 1024 ** 2,
    sha256: 'ab'.repeat(32),
    archive: '/backups/main__shop__orders-db__20261120T100000Z__01jd5.tar.gz',
    destinations: ['local'],
    copies: [aCopy()],
    message: '3.0 MiB of shop/orders-db are proven',
    reason: null,
    hint: null,
    failureClass: null,
    warnings: [],
    tarMessages: [],
    warningCount: 0,
    transport: 'exec',
    transportReason: 'archives travel through the API server',
    createdAt: '2026-11-20T10:00:00.000Z',
    startedAt: '2026-11-20T10:00:01.000Z',
    endedAt: '2026-11-20T10:00:05.500Z',
    stages: [
      {
        stage: 'create',
        startedAt: '2026-11-20T10:00:01.000Z',
        endedAt: '2026-11-20T10:00:01.200Z',
      },
      { stage: 'copy', startedAt: '2026-11-20T10:00:02.000Z', endedAt: '2026-11-20T10:00:05.000Z' },
    ],
    seal: {
      bytes: 3 * 1024 ** 2,
      sha256: 'ab'.repeat(32),
      tarExit: 0,
      compressorExit: 0,
      files: 12,
      rawBytes: 9 * 1024 ** 2,
      omitted: { sockets: 0, trustedXattrs: 0, attributeFlags: 0, longPaths: 0 },
    },
    helper: { pod: 'nkvm-helper-01jd5', node: 'node-1', image: 'nkvm:dev' },
    priority: 'on-demand',
    attempt: 1,
    retryAt: null,
    queuePosition: null,
    chain: null,
    acceptEmpty: false,
    form: null,
    verify: null,
    requestedBy: 'system:serviceaccount:nkvm:nkvm-admin',
    restoreCommand: 'tar -xzpf archive.tar.gz -C /target',
    provenRestorableAt: null,
    ...differs,
  });

export const aRunning = (differs: Partial<Backup> = {}): Backup =>
  aBackup({
    status: 'running',
    stage: 'copy',
    bytes: 1024 ** 2,
    sha256: null,
    archive: null,
    copies: [],
    message: '',
    endedAt: null,
    seal: null,
    restoreCommand: null,
    ...differs,
  });

export const aFailed = (differs: Partial<Backup> = {}): Backup =>
  aBackup({
    status: 'failed',
    stage: 'copy',
    sha256: null,
    archive: null,
    copies: [],
    message: 'stream of helper nkvm-helper-01jd5 broke off after 1.0 MiB',
    reason: 'StreamBroke',
    hint: 'look at the events of node node-1, then back up again',
    failureClass: 'transient',
    seal: null,
    restoreCommand: null,
    ...differs,
  });

export { summaryOf } from '../api/clients/patch';

/** A bound volume of a StatefulSet that has never been backed up. */
export const aVolume = (differs: Partial<Volume> = {}): Volume =>
  Volume.parse({
    namespace: 'shop',
    name: 'orders-db',
    uid: `uid-${differs.name ?? 'orders-db'}`,
    phase: 'Bound',
    capacityBytes: 10 * 1024 ** 3,
    requestedBytes: 10 * 1024 ** 3,
    accessModes: ['ReadWriteOnce'],
    volumeMode: 'Filesystem',
    storageClass: 'fast',
    node: 'node-1',
    labels: {},
    createdAt: '2026-11-01T08:00:00.000Z',
    podsVisible: true,
    pods: [{ name: 'orders-db-0', phase: 'Running', node: 'node-1' }],
    owner: {
      kind: 'Single',
      owner: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'orders' },
    },
    obstacle: null,
    mayBackUp: true,
    backupsVisible: true,
    lastBackup: null,
    lastSuccess: null,
    lastProvenRestore: null,
    ...differs,
  });

/** The sidecar's answers, as it would send them. */
export const volumeList = (volumes: Volume[], differs: Partial<VolumeList> = {}): VolumeList =>
  VolumeList.parse({ volumes, stale: [], incomplete: false, ...differs });

export const backupList = (backups: Backup[], nextCursor: string | null = null): BackupList =>
  BackupList.parse({ backups, nextCursor, incomplete: false });

export const startedBackups = (
  backups: Backup[],
  refused: StartedBackups['refused'] = []
): StartedBackups => StartedBackups.parse({ backups, refused });

/** What the sidecar says of claims that cannot be backed up; tests/support/samples.test.ts asks the sidecar itself. */
export const closedNamespace = Obstacle.parse({
  reason: 'NamespaceNotOpen',
  message: 'backups are not allowed in namespace shop: the runner may not create helper pods there',
  hint: `allow them with: ${openNamespaceCommand('shop')}`,
});
export const unbound = Obstacle.parse({
  reason: 'ClaimNotBound',
  message:
    'claim shop/orders-db has never been bound: its StorageClass fast waits for the first pod that uses it',
  hint: 'start a pod that uses the claim; until then there is nothing to back up',
});
export const blockDevice = Obstacle.parse({
  reason: 'BlockVolume',
  message: 'claim shop/orders-db is a raw block device and holds no files that tar could read',
  hint: 'back it up with the tools of the application that writes to the device',
});
